// Preloaded into the server: makes its writes to the store fail while a file says so. The file's first word is
// `fsync` (flushes fail with EIO), `write` (writes fail with EIO) or `full` (writes fail with ENOSPC).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_on(const char *fault) {
    const char *path = getenv("FAULTS");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    char said[16] = {0};
    ssize_t length = read(file, said, sizeof said - 1);
    close(file);
    return length > 0 && strncmp(said, fault, strlen(fault)) == 0;
}

static int is_store(int file) {
    char link[64], path[4096] = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return readlink(link, path, sizeof path - 1) > 0 && strstr(path, "rulemint.db") != NULL;
}

static int fails_write(int file) {
    int saved = errno;
    if (is_on("full") && is_store(file)) { errno = ENOSPC; return 1; }
    if (is_on("write") && is_store(file)) { errno = EIO; return 1; }
    errno = saved;
    return 0;
}

static int fails_flush(int file) {
    int saved = errno;
    if (is_on("fsync") && is_store(file)) { errno = EIO; return 1; }
    errno = saved;
    return 0;
}

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t count) {
    return fails_write(file) ? -1 : NEXT(write)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    return fails_write(file) ? -1 : NEXT(pwrite)(file, bytes, count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    return fails_write(file) ? -1 : NEXT(pwrite64)(file, bytes, count, at);
}

int fsync(int file) { return fails_flush(file) ? -1 : NEXT(fsync)(file); }

int fdatasync(int file) { return fails_flush(file) ? -1 : NEXT(fdatasync)(file); }
