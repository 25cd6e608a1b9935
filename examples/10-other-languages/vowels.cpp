// Step 10: C++. Counts the vowels of each line.
//
//     c++ -std=c++17 -shared -fPIC -I ../../Sources/CPortico/include -o vowels.so vowels.cpp
//     portico call ./vowels.so --data 'a handler\n'
//
// The header gives `handle` its C name. Two things are yours. No exception may leave a function
// that the host calls: one that is caught, as here, ends this client and not the worker. And what
// has designated members in C is assigned in C++.

#include <portico_frame.h>

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>

namespace {

const portico_host *host;

std::string count(std::string_view line) {
  const auto is_vowel = [](char c) {
    return std::string_view("aeiouAEIOU").find(c) != std::string_view::npos;
  };
  return std::to_string(std::count_if(line.begin(), line.end(), is_vowel)) + "\n";
}

int32_t on_load(const portico_host *table, char *, size_t) {
  host = table;
  return 0;
}

}  // namespace

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) try {
  const portico_frame line = portico_frame_line(buffer, len, 65536);
  if (line.total <= 0) return line.total;
  const std::string answer = count({reinterpret_cast<const char *>(line.payload), line.length});
  reply(answer.data(), answer.size());
  return line.total;
} catch (const std::exception &error) {
  const std::string_view what = error.what();
  host->log(reply, PORTICO_LOG_ERROR, what.data(), what.size());
  return -1;
}

const portico_descriptor *portico_describe() {
  static const portico_descriptor descriptor = [] {
    portico_descriptor d = {PORTICO_DESCRIPTOR_HEAD};
    d.flags = PORTICO_INLINE | PORTICO_SHARDED;
    d.name = "vowels";
    d.compiler = PORTICO_COMPILER;
    d.on_load = on_load;
    return d;
  }();
  return &descriptor;
}
