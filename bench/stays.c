/* A custom runtime that stays with each event until the moment it names, in milliseconds since 1970. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static char received[65536];

/* One exchange; the answer is left in `received`. */
static void ask(int fd, const char *request) {
  size_t have = 0;
  if (write(fd, request, strlen(request)) < 0) exit(1);
  for (;;) {
    ssize_t n = read(fd, received + have, sizeof received - 1 - have);
    if (n <= 0) exit(1);
    received[have += (size_t)n] = 0;
    char *end = strstr(received, "\r\n\r\n"), *length = strcasestr(received, "content-length:");
    if (end && have >= (size_t)(end + 4 - received) + (length ? (size_t)atol(length + 15) : 0)) return;
  }
}

int main(void) {
  char *api = getenv("AWS_LAMBDA_RUNTIME_API"), host[64], id[64], request[512];
  int port;
  if (!api || sscanf(api, "%63[^:]:%d", host, &port) != 2) return 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &at.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&at, sizeof at)) return 1;
  for (;;) {
    ask(fd, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n");
    char *found = strcasestr(received, "lambda-runtime-aws-request-id: "), *until = strstr(received, "\"until\":");
    if (!found || sscanf(found + 31, "%63[^\r]", id) != 1) return 1;
    struct timeval now;
    gettimeofday(&now, NULL);
    double left = until ? atof(until + 8) - (now.tv_sec * 1e3 + now.tv_usec / 1e3) : 0;
    if (left > 0) usleep((useconds_t)(left * 1000));
    snprintf(request, sizeof request,
             "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", id);
    ask(fd, request);
  }
}
