/* A custom runtime in one file: it asks the Runtime API for the next event, answers with a price, and asks again.
   The protocol is https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html over one kept connection. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENT_MAX (1 << 20)
static char received[EVENT_MAX + 8192];

static int dial(char *api) {
  char *colon = strrchr(api, ':');
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(colon ? atoi(colon + 1) : 80)};
  char host[64] = {0};
  strncpy(host, api, colon ? (size_t)(colon - api) : strlen(api));
  inet_pton(AF_INET, host, &at.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
    perror("connect to the Runtime API");
    exit(1);
  }
  return fd;
}

static void write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, data, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) exit(1);
    data += n;
    length -= (size_t)n;
  }
}

/* Value of a header in the received head, copied out; empty when it is not there. */
static void header(const char *name, char *out, size_t size) {
  out[0] = 0;
  for (char *line = strstr(received, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, name, strlen(name)) != 0 || line[2 + strlen(name)] != ':') continue;
    char *value = line + 3 + strlen(name);
    while (*value == ' ') value++;
    size_t length = strcspn(value, "\r");
    snprintf(out, size, "%.*s", (int)length, value);
    return;
  }
}

/* Reads one answer whole; gives back where its body begins. */
static char *read_answer(int fd) {
  size_t have = 0;
  char *end = NULL, length[32];
  while (!end) {
    ssize_t n = read(fd, received + have, sizeof received - 1 - have);
    if (n <= 0) exit(1);
    received[have += (size_t)n] = 0;
    end = strstr(received, "\r\n\r\n");
  }
  header("content-length", length, sizeof length);
  size_t whole = (size_t)(end + 4 - received) + (size_t)atol(length);
  if (whole >= sizeof received) exit(1);
  while (have < whole) {
    ssize_t n = read(fd, received + have, sizeof received - 1 - have);
    if (n <= 0) exit(1);
    received[have += (size_t)n] = 0;
  }
  return end + 4;
}

int main(void) {
  static double prices[5000];
  for (int i = 0; i < 5000; i++) prices[i] = round(sqrt(i) * 100) / 100;
  char *api = getenv("AWS_LAMBDA_RUNTIME_API");
  if (!api) return 1;
  int fd = dial(api);
  char out[1024], body[512], id[128];
  for (;;) {
    int n = snprintf(out, sizeof out, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", api);
    write_all(fd, out, (size_t)n);
    char *event = read_answer(fd), *asked = strstr(event, "\"item\":\"item-");
    int item = asked ? atoi(asked + 13) : 42;
    header("lambda-runtime-aws-request-id", id, sizeof id);
    int length = snprintf(body, sizeof body,
      "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/json\"},\"body\":\"{\\\"item\\\":\\\"item-%d\\\",\\\"price\\\":%.2f}\"}",
      item, item >= 0 && item < 5000 ? prices[item] : 0.0);
    n = snprintf(out, sizeof out, "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", id, api, length, body);
    write_all(fd, out, (size_t)n);
    read_answer(fd);
  }
}
