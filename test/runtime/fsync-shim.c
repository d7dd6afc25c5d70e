/*
 * Stands between a program and its disk (LD_PRELOAD). Each sync that completed appends "synced <path>" to the file that
 * SPANLAKE_SYNC_LOG names. The files named by two more variables are orders, for as long as they exist: a sync whose path
 * contains what SPANLAKE_SYNC_HOLD's file says waits (and appends "held <path>" first), and one whose path contains what
 * SPANLAKE_SYNC_FAIL's file says does nothing and fails with EIO. An empty file orders so for every path.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_ordered(const char *variable, const char *path) {
  char part[PATH_MAX + 1];
  const char *order = getenv(variable);
  int file = order ? open(order, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  ssize_t length = read(file, part, PATH_MAX);
  close(file);
  part[length < 0 ? 0 : length] = 0;
  return strstr(path, part) != NULL;
}

static void append_line(const char *what, const char *path) {
  char line[PATH_MAX + 16];
  const char *log = getenv("SPANLAKE_SYNC_LOG");
  int file = log ? open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (file < 0) return;
  /* One write in append mode: lines of several threads do not mix. */
  int length = snprintf(line, sizeof line, "%s %s\n", what, path);
  if (write(file, line, (size_t)length) != length) abort();
  close(file);
}

static int sync_through(const char *name, int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  char link[64], path[PATH_MAX + 1];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, PATH_MAX);
  path[length < 0 ? 0 : length] = 0;

  if (is_ordered("SPANLAKE_SYNC_HOLD", path)) append_line("held", path);
  while (is_ordered("SPANLAKE_SYNC_HOLD", path)) usleep(5000);
  if (is_ordered("SPANLAKE_SYNC_FAIL", path)) {
    errno = EIO;
    return -1;
  }
  int result = real(file);
  if (result == 0) append_line("synced", path);
  return result;
}

int fsync(int file) { return sync_through("fsync", file); }
int fdatasync(int file) { return sync_through("fdatasync", file); }
