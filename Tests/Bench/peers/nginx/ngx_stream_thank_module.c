/*
 * The work of the bench in nginx, as its users would: a content handler of the stream module, with
 * one directive, `thank close|keep|big;`, for each server. A datagram is a session of its own.
 *
 * Replies are static memory: what the kernel does not take at once is counted, not copied.
 */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_stream.h>

enum { request_size = 64, thanks_size = 11, big_size = 1 << 20 };
enum { closes, keeps, sends_much };

typedef struct {
  ngx_uint_t work;
} thank_conf;

typedef struct {
  size_t partial; /* bytes of an unfinished request */
  size_t owed;    /* bytes of replies that are still to be sent */
} thank_ctx;

static u_char input[65536];
static u_char thanks[sizeof input / request_size * thanks_size + thanks_size];
static u_char big[big_size];

static char *thank(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static void *create_conf(ngx_conf_t *cf);
static ngx_int_t postconfigure(ngx_conf_t *cf);

static ngx_conf_enum_t works[] = {{ngx_string("close"), closes},
                                  {ngx_string("keep"), keeps},
                                  {ngx_string("big"), sends_much},
                                  {ngx_null_string, 0}};

static ngx_command_t commands[] = {
    {ngx_string("thank"), NGX_STREAM_SRV_CONF | NGX_CONF_TAKE1, thank, NGX_STREAM_SRV_CONF_OFFSET,
     offsetof(thank_conf, work), works},
    ngx_null_command};

static ngx_stream_module_t context = {NULL, postconfigure, NULL, NULL, create_conf, NULL};

ngx_module_t ngx_stream_thank_module = {
    NGX_MODULE_V1, &context, commands, NGX_STREAM_MODULE, NULL, NULL, NULL, NULL,
    NULL,          NULL,     NULL,     NGX_MODULE_V1_PADDING};

/* NGX_AGAIN while something is owed, NGX_ERROR when the client has gone. */
static ngx_int_t pay(ngx_stream_session_t *session, thank_ctx *ctx, ngx_uint_t work) {
  ngx_connection_t *c = session->connection;
  while (ctx->owed > 0) {
    u_char *from = big, *end = big + sizeof big;
    if (work != sends_much) {
      /* What is left of replies that were sent in part starts in the middle of one. */
      from = thanks + (thanks_size - ctx->owed % thanks_size) % thanks_size;
      end = thanks + sizeof thanks;
    }
    ssize_t n = c->send(c, from, ngx_min(ctx->owed, (size_t)(end - from)));
    if (n == NGX_AGAIN) {
      return ngx_handle_write_event(c->write, 0) == NGX_OK ? NGX_AGAIN : NGX_ERROR;
    }
    if (n <= 0) return NGX_ERROR;
    ctx->owed -= (size_t)n;
  }
  return NGX_OK;
}

static void serve(ngx_stream_session_t *session) {
  ngx_connection_t *c = session->connection;
  thank_ctx *ctx = ngx_stream_get_module_ctx(session, ngx_stream_thank_module);
  thank_conf *conf = ngx_stream_get_module_srv_conf(session, ngx_stream_thank_module);
  const ngx_uint_t work = conf->work;
  for (;;) {
    ngx_int_t paid = pay(session, ctx, work);
    if (paid == NGX_AGAIN) return;
    if (paid != NGX_OK) break;
    ssize_t n = c->recv(c, input, sizeof input);
    if (n == NGX_AGAIN) {
      if (ngx_handle_read_event(c->read, 0) != NGX_OK) break;
      return;
    }
    if (n <= 0) break;
    if (work == closes) {
      ctx->owed = thanks_size;
      if (pay(session, ctx, work) == NGX_AGAIN) return;
      ngx_stream_finalize_session(session, NGX_STREAM_OK);
      return;
    }
    size_t bytes = ctx->partial + (size_t)n;
    ctx->partial = bytes % request_size;
    ctx->owed = bytes / request_size * (work == sends_much ? big_size : thanks_size);
  }
  ngx_stream_finalize_session(session, NGX_STREAM_OK);
}

static void ready(ngx_event_t *event) {
  ngx_connection_t *c = event->data;
  serve(c->data);
}

static void handle(ngx_stream_session_t *session) {
  ngx_connection_t *c = session->connection;
  if (c->type == SOCK_DGRAM) {
    c->send(c, thanks, thanks_size);
    ngx_stream_finalize_session(session, NGX_STREAM_OK);
    return;
  }
  thank_ctx *ctx = ngx_pcalloc(c->pool, sizeof *ctx);
  if (!ctx) {
    ngx_stream_finalize_session(session, NGX_STREAM_INTERNAL_SERVER_ERROR);
    return;
  }
  ngx_stream_set_ctx(session, ctx, ngx_stream_thank_module);
  c->read->handler = ready;
  c->write->handler = ready;
  serve(session);
}

static void *create_conf(ngx_conf_t *cf) {
  thank_conf *conf = ngx_pcalloc(cf->pool, sizeof *conf);
  if (conf) conf->work = NGX_CONF_UNSET_UINT;
  return conf;
}

static char *thank(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_stream_core_srv_conf_t *core =
      ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);
  core->handler = handle;
  return ngx_conf_set_enum_slot(cf, cmd, conf);
}

static ngx_int_t postconfigure(ngx_conf_t *cf) {
  (void)cf;
  for (size_t i = 0; i + thanks_size <= sizeof thanks; i += thanks_size)
    ngx_memcpy(thanks + i, "thank you !", thanks_size);
  ngx_memset(big, 'x', sizeof big);
  return NGX_OK;
}
