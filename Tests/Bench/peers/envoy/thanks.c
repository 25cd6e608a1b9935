/*
 * The work of the bench in Envoy, as a dynamic module: a network filter that ends the chain, and a
 * filter of UDP listeners. The filter's name in the configuration says which work it is.
 *
 * Only what is used of Envoy's C interface is declared here, as version 1.40 has it. Envoy resolves
 * the names that begin with envoy_dynamic_module_callback_ when it loads this.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { request_size = 64, thanks_size = 11, big_size = 1 << 20, most_at_once = 1024 };
enum { goes_on = 0, stops_here = 1 }; /* what a filter says of the rest of its chain */
enum { flush_write = 0 };             /* how a connection is closed */

typedef struct {
  const char *bytes;
  size_t length;
} buffer;

void envoy_dynamic_module_callback_network_filter_write(void *, buffer, bool);
bool envoy_dynamic_module_callback_network_filter_drain_read_buffer(void *, size_t);
void envoy_dynamic_module_callback_network_filter_close(void *, int);
bool envoy_dynamic_module_callback_udp_listener_filter_send_datagram(void *, buffer, buffer,
                                                                     uint32_t);

struct work {
  bool closes;
  const char *reply;
  size_t reply_size;
  size_t at_once; /* replies that lie one behind the other at `reply` */
};

static char thanks[most_at_once * thanks_size];
static char big[big_size];
static struct work closes = {true, thanks, thanks_size, 1};
static struct work keeps = {false, thanks, thanks_size, most_at_once};
static struct work sends_much = {false, big, big_size, 1};

struct connection {
  const struct work *work;
  size_t partial; /* bytes of an unfinished request */
};

const char *envoy_dynamic_module_on_program_init(void) {
  for (size_t i = 0; i < sizeof thanks; i += thanks_size)
    memcpy(thanks + i, "thank you !", thanks_size);
  memset(big, 'x', sizeof big);
  return "v0.2.0";
}

const void *envoy_dynamic_module_on_network_filter_config_new(void *envoy, buffer name,
                                                              buffer settings) {
  (void)envoy, (void)settings;
  if (name.length == 5 && memcmp(name.bytes, "close", 5) == 0) return &closes;
  if (name.length == 4 && memcmp(name.bytes, "keep", 4) == 0) return &keeps;
  return name.length == 3 && memcmp(name.bytes, "big", 3) == 0 ? &sends_much : NULL;
}

void envoy_dynamic_module_on_network_filter_config_destroy(const void *work) { (void)work; }

const void *envoy_dynamic_module_on_network_filter_new(const void *work, void *envoy) {
  struct connection *connection = calloc(1, sizeof *connection);
  (void)envoy;
  if (connection) connection->work = work;
  return connection;
}

int envoy_dynamic_module_on_network_filter_new_connection(void *envoy, const void *filter) {
  (void)envoy, (void)filter;
  return goes_on;
}

int envoy_dynamic_module_on_network_filter_read(void *envoy, void *filter, size_t length,
                                                bool ended) {
  struct connection *connection = filter;
  const struct work *work = connection->work;
  envoy_dynamic_module_callback_network_filter_drain_read_buffer(envoy, length);
  size_t requests = 1;
  if (!work->closes) {
    size_t bytes = connection->partial + length;
    connection->partial = bytes % request_size;
    requests = bytes / request_size;
  }
  while (requests > 0) {
    size_t now = requests < work->at_once ? requests : work->at_once;
    buffer reply = {work->reply, now * work->reply_size};
    envoy_dynamic_module_callback_network_filter_write(envoy, reply, false);
    requests -= now;
  }
  if (work->closes || ended)
    envoy_dynamic_module_callback_network_filter_close(envoy, flush_write);
  return stops_here;
}

int envoy_dynamic_module_on_network_filter_write(void *envoy, const void *filter, size_t length,
                                                 bool ended) {
  (void)envoy, (void)filter, (void)length, (void)ended;
  return goes_on;
}

void envoy_dynamic_module_on_network_filter_event(void *envoy, const void *filter, int event) {
  (void)envoy, (void)filter, (void)event;
}

void envoy_dynamic_module_on_network_filter_destroy(void *filter) { free(filter); }

const void *envoy_dynamic_module_on_udp_listener_filter_config_new(void *envoy, buffer name,
                                                                   buffer settings) {
  (void)envoy, (void)name, (void)settings;
  return &keeps;
}

void envoy_dynamic_module_on_udp_listener_filter_config_destroy(const void *work) { (void)work; }

const void *envoy_dynamic_module_on_udp_listener_filter_new(const void *work, void *envoy) {
  (void)envoy;
  return work;
}

int envoy_dynamic_module_on_udp_listener_filter_on_data(void *envoy, const void *filter) {
  (void)filter;
  /* No address means the sender of the datagram at hand. */
  envoy_dynamic_module_callback_udp_listener_filter_send_datagram(
      envoy, (buffer){thanks, thanks_size}, (buffer){NULL, 0}, 0);
  return stops_here;
}

void envoy_dynamic_module_on_udp_listener_filter_destroy(const void *filter) { (void)filter; }
