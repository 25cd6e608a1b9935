/* Promise: a handler written without the header, which returns nothing (so the host reads
 * garbage), harms only its own connection. */
void handle(const void *buffer, unsigned long len, long (*reply)(const void *, unsigned long));

void handle(const void *buffer, unsigned long len, long (*reply)(const void *, unsigned long)) {
  (void)buffer, (void)len;
  reply("void", 4);
}
