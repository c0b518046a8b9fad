/* The same function in each language: see ../node/index.mjs. In C there is no library: the Runtime API is spoken by hand over
   one kept connection (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). It knows just enough JSON for the two
   events of this example, and prints the items back as they came. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 16384, EVENT_MAX = 1 << 20 };
static char received[HEAD_MAX + EVENT_MAX + 1];
static char answer[EVENT_MAX + 256];
static char message[EVENT_MAX + 1024];

static void stop(const char *why) {
  perror(why);
  exit(1);
}

static int dialled(const char *api) {
  char host[64] = {0};
  int port = 80, one = 1;
  if (sscanf(api, "%63[^:]:%d", host, &port) < 1) stop("AWS_LAMBDA_RUNTIME_API");
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || inet_pton(AF_INET, host, &at.sin_addr) != 1) stop("the Runtime API's address");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) stop("connect to the Runtime API");
  return fd;
}

static void sent(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, data, length);
    if (n <= 0) stop("write to the Runtime API");
    data += n;
    length -= (size_t)n;
  }
}

/* A header's value in the head that ends at `end`; empty when it is not there. */
static void header(const char *end, const char *name, char *value, size_t size) {
  value[0] = 0;
  for (const char *line = strstr(received, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
    size_t length = strlen(name);
    if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':') continue;
    const char *from = line + 3 + length + strspn(line + 3 + length, " ");
    snprintf(value, size, "%.*s", (int)strcspn(from, "\r"), from);
    return;
  }
}

/* Reads one answer whole, and gives back its body. */
static char *answered(int fd) {
  size_t have = 0, whole = 0;
  char *end = NULL;
  while (end == NULL || have < whole) {
    ssize_t n = have < sizeof received - 1 ? read(fd, received + have, sizeof received - 1 - have) : 0;
    if (n <= 0) stop("read from the Runtime API");
    received[have += (size_t)n] = 0;
    if (end != NULL || (end = strstr(received, "\r\n\r\n")) == NULL) continue;
    char length[32];
    header(end, "content-length", length, sizeof length);
    whole = (size_t)(end + 4 - received) + strtoul(length, NULL, 10);
  }
  return end + 4;
}

static int primes_below(int limit) {
  int count = limit > 2 ? 1 : 0;
  for (int n = 3; n < limit; n += 2) {
    int is_prime = 1;
    for (int d = 3; d * d <= n; d += 2)
      if (n % d == 0) {
        is_prime = 0;
        break;
      }
    count += is_prime;
  }
  return count;
}

/* The text behind `"name":`, or NULL. */
static const char *member(const char *json, const char *name) {
  const char *found = strstr(json, name);
  found = found ? strchr(found, ':') : NULL;
  return found ? found + 1 + strspn(found + 1, " ") : NULL;
}

static int handled(const char *event) {
  const char *work = member(event, "\"work\""), *below = member(event, "\"below\"");
  if (work && below && strncmp(work, "\"heavy\"", 7) == 0)
    return snprintf(answer, sizeof answer, "{\"primes\":%d}", primes_below(atoi(below)));
  const char *items = member(event, "\"items\"");
  const char *end = items ? strchr(items, ']') : NULL;
  double total = 0;
  int count = 0;
  for (const char *at = items; at && end && (at = strstr(at, "\"price\"")) != NULL && at < end; at++) {
    total += strtod(member(at, "\"price\""), NULL);
    count++;
  }
  return snprintf(answer, sizeof answer, "{\"count\":%d,\"total\":%.10g,\"items\":%.*s}", count, total,
                  end ? (int)(end - items + 1) : 2, end ? items : "[]");
}

int main(void) {
  const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
  if (api == NULL) return 1;
  int fd = dialled(api);
  for (;;) {
    int length = snprintf(message, sizeof message,
                          "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", api);
    sent(fd, message, (size_t)length);
    char *event = answered(fd), id[64];
    header(event, "lambda-runtime-aws-request-id", id, sizeof id);
    int size = handled(event);
    length = snprintf(message, sizeof message,
                      "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s",
                      id, api, size, answer);
    sent(fd, message, (size_t)length);
    answered(fd);
  }
}
