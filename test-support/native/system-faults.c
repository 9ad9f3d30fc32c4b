/*
 * A library for LD_PRELOAD. It moves the wall clock of one process and makes its fsync fail, while the process runs.
 * The monotonic clock is not changed.
 *
 * SYSTEM_FAULTS_FILE names a file of 16 bytes, two integers in the byte order of this machine: the microseconds that
 * are added to the wall clock, and whether fsync and fdatasync fail with EIO (0 or 1).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct faults {
  volatile int64_t clock_offset_us;
  volatile int64_t fsync_fails;
};

static struct faults none;
static struct faults *faults = &none;
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void open_faults(void) {
  real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  const char *path = getenv("SYSTEM_FAULTS_FILE");
  if (path == NULL) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(struct faults), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) faults = mapped;
}

int clock_gettime(clockid_t id, struct timespec *now) {
  /* Other libraries may read the clock before this one is ready. */
  if (real_clock_gettime == NULL) open_faults();
  int result = real_clock_gettime(id, now);
  if (result != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return result;
  int64_t us = (int64_t)now->tv_sec * 1000000 + now->tv_nsec / 1000 + faults->clock_offset_us;
  now->tv_sec = us / 1000000;
  now->tv_nsec = (us % 1000000) * 1000 + now->tv_nsec % 1000;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec read;
  clock_gettime(CLOCK_REALTIME, &read);
  now->tv_sec = read.tv_sec;
  now->tv_usec = read.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec read;
  clock_gettime(CLOCK_REALTIME, &read);
  if (out != NULL) *out = read.tv_sec;
  return read.tv_sec;
}

static int fails(void) {
  if (faults->fsync_fails == 0) return 0;
  errno = EIO;
  return 1;
}

int fsync(int file) { return fails() ? -1 : real_fsync(file); }

int fdatasync(int file) { return fails() ? -1 : real_fdatasync(file); }
