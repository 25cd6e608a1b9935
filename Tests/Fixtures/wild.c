/* Promise: what the workers of a host share can be written by its owner only. A request is one
 * word: "doors" answers "closed" or how a plugin gets at what its siblings count; "write" writes
 * there, as by a stray pointer; "own" overwrites what this worker counts itself, and answers
 * "done". Anything else is echoed. */
#include <dirent.h>
#include <fcntl.h>
#include <portico.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct area {
  unsigned char *begin;
  size_t size;
  int is_writable;
} area;

/* The mappings of a memory file; how many. */
static int find(const char *name, area *areas, int most) {
  char line[512], access[8];
  unsigned long begin, end;
  int count = 0;
  FILE *maps = fopen("/proc/self/maps", "r");
  if (maps == NULL) return 0;
  while (count < most && fgets(line, sizeof line, maps) != NULL)
    if (strstr(line, name) && sscanf(line, "%lx-%lx %7s", &begin, &end, access) == 3)
      areas[count++] = (area){(unsigned char *)begin, end - begin, access[1] == 'w'};
  fclose(maps);
  return count;
}

/* Is a memory file of the host open that can be written? (The plugin's own is sealed.) */
static int has_descriptor(void) {
  char path[300], target[256];
  int found = 0;
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL) return 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length <= 0) continue;
    target[length] = 0;
    for (int i = 0; i < 3; i++)
      if (strstr(target, (const char *[]){"portico tally", "portico page", "portico buffers"}[i]))
        found = 1;
  }
  closedir(folder);
  return found;
}

/* Could a child that lives on write what this worker counts? */
static int is_in_child(void) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    area areas[8];
    int count = find("portico tally", areas, 8);
    for (int i = 0; i < count; i++)
      if (areas[i].is_writable) _exit(1);
    _exit(0);
  }
  return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

static const char *door(void) {
  area areas[8];
  int count = find("portico tally", areas, 8), own = 0;
  int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  const char *way = count == 2 ? NULL : "not two mappings";
  for (int i = 0; i < count && way == NULL; i++) {
    own += areas[i].is_writable;
    if (areas[i].is_writable) continue;
    if (mprotect(areas[i].begin, areas[i].size, PROT_READ | PROT_WRITE) == 0) way = "mprotect";
    if (memory >= 0 && pwrite(memory, "\0", 1, (off_t)(uintptr_t)areas[i].begin) == 1) way = "mem";
  }
  if (memory >= 0) close(memory);
  if (way == NULL && own != 1) way = "not one cell";
  if (way == NULL && has_descriptor()) way = "descriptor";
  if (way == NULL && is_in_child()) way = "child";
  return way == NULL ? "closed" : way;
}

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  area areas[8];
  int count = find("portico tally", areas, 8);
  if (strncmp(buffer, "doors", 5) == 0) {
    const char *answer = door();
    reply(answer, strlen(answer));
  } else if (strncmp(buffer, "write", 5) == 0) {
    for (int i = 0; i < count; i++)
      if (!areas[i].is_writable) memset(areas[i].begin + 4096, 0x11, areas[i].size - 4096);
    reply("written", 7);
  } else if (strncmp(buffer, "own", 3) == 0) {
    for (int i = 0; i < count; i++)
      if (areas[i].is_writable) memset(areas[i].begin, 0x11, areas[i].size);
    reply("done", 4);
  } else {
    reply(buffer, len);
  }
  return (ptrdiff_t)len;
}

static const portico_descriptor descriptor = {
    PORTICO_DESCRIPTOR_HEAD, .name = "wild", .flags = PORTICO_INLINE | PORTICO_SHARDED};

const portico_descriptor *portico_describe(void) { return &descriptor; }
