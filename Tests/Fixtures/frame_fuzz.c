/*
 * Promise: whatever a client sends, portico_frame.h reads nothing outside the buffer, overflows
 * nothing, and answers what a slow reference answers, however the bytes were cut.
 *
 *     clang -fsanitize=address,undefined -fno-sanitize-recover=all -I Sources/CPortico/include ...
 *     frame_fuzz SEED ROUNDS
 *
 * Each buffer is an allocation of exactly its size, so the sanitizer sees a byte too many.
 */
#include <portico_frame.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static uint64_t next(void) { /* SplitMix64 */
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}
static size_t below(size_t bound) { return (size_t)(next() % bound); }

/* One way of framing, with its arguments. */
struct framing {
  int kind; /* 0 delimiter, 1 line, 2 fixed, 3 length field, 4 varint */
  unsigned char delimiter[4];
  size_t delimiter_length, limit, size, offset, widest;
  portico_length_field field;
};

static portico_frame look(const struct framing *f, const unsigned char *bytes, size_t len,
                          size_t *searched) {
  switch (f->kind) {
    case 0:
      return portico_frame_delimited(bytes, len, f->delimiter, f->delimiter_length, f->limit,
                                     searched);
    case 1: return portico_frame_line_from(bytes, len, f->limit, searched);
    case 2: return portico_frame_fixed(bytes, len, f->size);
    case 3: return portico_frame_by_length(bytes, len, &f->field, f->limit);
    default: return portico_frame_by_varint(bytes, len, f->offset, f->widest, f->limit);
  }
}

/* The reference: no hurry, 128 bits, one byte at a time. Fills total (as portico_frame.total),
 * header, length, need. */
struct answer {
  ptrdiff_t total;
  size_t header, length, need;
};
typedef __int128 wide;

static struct answer sized(wide total, size_t header, size_t len, wide limit) {
  struct answer a = {0, 0, 0, 0};
  if (total < (wide)header) a.total = PORTICO_FRAME_MALFORMED;
  else if (total > limit || total > PTRDIFF_MAX) a.total = PORTICO_FRAME_TOO_LONG;
  else if (total > (wide)len) a.need = (size_t)total;
  else a.total = (ptrdiff_t)total, a.header = header, a.length = (size_t)total - header;
  return a;
}

static struct answer delimited(const unsigned char *bytes, size_t len, const unsigned char *mark,
                               size_t width, size_t limit) {
  struct answer a = {0, 0, 0, 0};
  /* Try every place where the delimiter could stand, as far as bytes are there to say otherwise. */
  for (size_t at = 0;; at++) {
    if ((wide)at + (wide)width > (wide)limit) return a.total = PORTICO_FRAME_TOO_LONG, a;
    size_t same = 0;
    while (same < width && at + same < len && bytes[at + same] == mark[same]) same++;
    if (same == width) return a.total = (ptrdiff_t)(at + width), a.length = at, a;
    if (at + same >= len) return a.need = at + width, a;
  }
}

static struct answer reference(const struct framing *f, const unsigned char *bytes, size_t len) {
  struct answer a = {0, 0, 0, 0};
  wide number = 0;
  switch (f->kind) {
    case 0: return delimited(bytes, len, f->delimiter, f->delimiter_length, f->limit);
    case 1:
      a = delimited(bytes, len, (const unsigned char *)"\n", 1, f->limit);
      if (a.length > 0 && bytes[a.length - 1] == '\r') a.length--;
      return a;
    case 2: return sized((wide)f->size, 0, len, PTRDIFF_MAX);
    case 3: {
      const portico_length_field *l = &f->field;
      size_t behind = l->offset + l->width, header = l->header ? l->header : behind;
      if (header > f->limit) return a.total = PORTICO_FRAME_TOO_LONG, a;
      if (len < behind) return a.need = header, a;
      for (size_t i = 0; i < l->width; i++) {
        size_t place = l->order == PORTICO_BIG_ENDIAN ? l->width - 1 - i : i;
        number += (wide)bytes[l->offset + i] << (8 * place);
      }
      size_t start[] = {behind, 0, l->offset, header};
      return sized(number + l->adjustment + (wide)start[l->counts], header, len, (wide)f->limit);
    }
    default:
      for (size_t i = 0; i < f->widest; i++) {
        if (f->offset + i + 1 > f->limit) return a.total = PORTICO_FRAME_TOO_LONG, a;
        if (f->offset + i + 1 > len) return a.need = f->offset + i + 1, a;
        number += (wide)(bytes[f->offset + i] & 0x7F) << (7 * i);
        if (number >> 64 || (i == 9 && bytes[f->offset + i] > 1)) break;
        if (bytes[f->offset + i] < 0x80) {
          size_t header = f->offset + i + 1;
          return sized(number + (wide)header, header, len, (wide)f->limit);
        }
      }
      return a.total = PORTICO_FRAME_MALFORMED, a;
  }
}

static int agrees(portico_frame frame, struct answer a, const unsigned char *bytes) {
  if (frame.total != a.total || frame.need != a.need) return 0;
  if (frame.total <= 0) return frame.payload == NULL && frame.length == 0 && frame.header == 0;
  return frame.header == a.header && frame.length == a.length && frame.payload == bytes + a.header;
}

static struct framing random_framing(void) {
  struct framing f;
  memset(&f, 0, sizeof f);
  f.kind = (int)below(5);
  f.limit = below(8) == 0 ? PORTICO_FRAME_NO_LIMIT : below(below(4) == 0 ? 2000 : 60);
  f.delimiter_length = 1 + below(4);
  /* Of two letters, so that delimiters overlap with themselves. */
  for (size_t i = 0; i < 4; i++) f.delimiter[i] = (unsigned char)("ab"[below(2)]);
  f.size = 1 + below(80);
  f.offset = below(6);
  f.widest = 1 + below(10);
  f.field.offset = below(6);
  f.field.width = 1 + below(8);
  f.field.order = (uint32_t)below(2);
  f.field.counts = (uint32_t)below(4);
  if (below(2)) f.field.header = f.field.offset + f.field.width + below(12);
  switch (below(6)) {
    case 0: f.field.adjustment = (int64_t)below(20) - 10; break;
    case 1: f.field.adjustment = (int64_t)next(); break;
    case 2: f.field.adjustment = below(2) ? INT64_MIN : INT64_MAX; break;
    default: break;
  }
  return f;
}

/* Bytes that this framing finds something in now and then. */
static void fill(const struct framing *f, unsigned char *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) {
    bytes[i] = f->kind < 2 ? (unsigned char)("abab\r\nxx"[below(f->kind ? 8 : 4)])
                           : (unsigned char)next();
  }
  size_t at = f->kind == 3 ? f->field.offset : f->offset;
  size_t width = f->kind == 3 ? f->field.width : f->widest;
  if (f->kind < 3 || at + width > len) return;
  switch (below(4)) {
    case 0: break;
    case 1: memset(bytes + at, 0xFF, width); break;
    default:
      if (f->kind == 3) {
        portico_write_number(bytes + at, width, f->field.order, below(60));
      } else {
        unsigned char varint[10];
        size_t count = portico_write_varint(varint, below(4) ? below(300) : next());
        memcpy(bytes + at, varint, count < width ? count : width);
      }
  }
}

static int fail(const char *what, const struct framing *f, const unsigned char *bytes, size_t len,
                uint64_t seed, uint64_t round) {
  fprintf(stderr, "seed %llu, round %llu: %s; framing %d, limit %zu, %zu bytes:",
          (unsigned long long)seed, (unsigned long long)round, what, f->kind, f->limit, len);
  for (size_t i = 0; i < len; i++) fprintf(stderr, " %02x", bytes[i]);
  fputc('\n', stderr);
  return 1;
}

int main(int argc, char **argv) {
  uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
  uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 100000;
  uint64_t outcomes[4] = {0, 0, 0, 0}; /* frame, needs more, too long, malformed */
  for (uint64_t round = 0; round < rounds; round++) {
    state = seed * 1000003 + round;
    struct framing f = random_framing();
    size_t len = below(below(5) == 0 ? 1500 : 70);
    unsigned char *whole = malloc(len + 1);
    fill(&f, whole, len);

    /* All at once, and then in pieces: growing copies of exactly so many bytes, as the host passes
     * them, with and without the hint of what was searched. */
    size_t searched = 0, cut = 0;
    for (;;) {
      unsigned char *bytes = cut ? malloc(cut) : NULL;
      if (cut) memcpy(bytes, whole, cut);
      struct answer a = reference(&f, bytes, cut);
      portico_frame plain = look(&f, bytes, cut, NULL);
      portico_frame hinted = look(&f, bytes, cut, &searched);
      if (!agrees(plain, a, bytes)) {
        return fail("not as the reference", &f, bytes, cut, seed, round);
      }
      if (!agrees(hinted, a, bytes)) return fail("the hint matters", &f, bytes, cut, seed, round);
      if (a.total == 0 && (a.need <= cut || a.need > f.limit) && f.kind != 2) {
        return fail("needs what is there, or above the limit", &f, bytes, cut, seed, round);
      }
      /* The piece that comes next does not change what was said. */
      portico_frame all = look(&f, whole, len, NULL);
      if (plain.total != 0 && plain.total != all.total) {
        return fail("another answer for more bytes", &f, bytes, cut, seed, round);
      }
      free(bytes);
      if (plain.total != 0 || cut == len) {
        outcomes[plain.total > 0 ? 0 : 1 - plain.total]++;
        break;
      }
      cut += 1 + below(below(3) == 0 ? len - cut : (len - cut < 4 ? len - cut : 4));
    }
    free(whole);
  }
  printf("%llu frames, %llu need more, %llu too long, %llu malformed\n",
         (unsigned long long)outcomes[0], (unsigned long long)outcomes[1],
         (unsigned long long)outcomes[2], (unsigned long long)outcomes[3]);
  for (int i = 0; i < 4; i++) {
    if (outcomes[i] < rounds / 100) return fprintf(stderr, "an outcome was hardly tried\n"), 1;
  }
  return 0;
}
