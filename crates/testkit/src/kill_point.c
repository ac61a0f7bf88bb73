/*
 * Kills a program between two of its writes. To be preloaded.
 *
 * Every call that changes something below $KILL_POINT_FOLDER is counted, over all threads.
 *
 *   KILL_POINT         the number, from 1, of the call before which the program is killed
 *   KILL_POINT_COUNT   a file that at exit is given the number of calls
 *   KILL_POINT_SYNCED  a folder that is given, under the number of its inode, what the disk surely
 *                      has of each file and folder that was written to: all that was there when it
 *                      was last flushed, or else when it was first written to. Of a folder these
 *                      are links to its files
 *
 * Nothing is flushed in truth: what a killed program wrote stays.
 *
 * Calls that do not go through the C library are not seen, as the renames of crate tempfile. What
 * there is before such a call is seen at the call before it, which flushes the file.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *folder, *count_file, *synced;
static long kill_at;
static atomic_long count;
static pthread_mutex_t copying = PTHREAD_MUTEX_INITIALIZER;

/* The function that a program would have called. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("KILL_POINT");
    kill_at = at ? atol(at) : 0;
    count_file = getenv("KILL_POINT_COUNT");
    synced = getenv("KILL_POINT_SYNCED");
    folder = getenv("KILL_POINT_FOLDER");
}

__attribute__((destructor)) static void end(void)
{
    FILE *out = count_file ? fopen(count_file, "w") : NULL;
    if (out) {
        fprintf(out, "%ld\n", atomic_load(&count));
        fclose(out);
    }
}

static void point(void)
{
    if (atomic_fetch_add(&count, 1) + 1 == kill_at) {
        kill(getpid(), SIGKILL);
        for (;;)
            pause();
    }
}

static int is_below(const char *path)
{
    size_t len = folder ? strlen(folder) : 0;
    return len && !strncmp(path, folder, len) && (path[len] == '/' || !path[len]);
}

/* Whether the link, one of those in /proc/self, leads below the folder. */
static int leads_below(const char *link)
{
    char path[PATH_MAX];
    ssize_t len = folder ? readlink(link, path, sizeof path - 1) : -1;
    if (len < 0)
        return 0;
    path[len] = 0;
    return is_below(path);
}

static int is_ours(int fd)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return leads_below(link);
}

static int is_ours_at(int fd, const char *path)
{
    if (path[0] == '/')
        return is_below(path);
    return fd == AT_FDCWD ? leads_below("/proc/self/cwd") : is_ours(fd);
}

/* Keeps what a file has now; with `first`, if nothing of it is kept. Closing the copy's source
 * gives up the locks of fcntl that the program has on the file: no other program may use it. */
static void keep(int fd, int first)
{
    struct stat file;
    char link[64], copy[PATH_MAX], bytes[1 << 16];
    if (!synced || fstat(fd, &file) || !S_ISREG(file.st_mode))
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    snprintf(copy, sizeof copy, "%s/%ju", synced, (uintmax_t)file.st_ino);
    if (first && !access(copy, F_OK))
        return;
    pthread_mutex_lock(&copying);
    int from = REAL(open64)(link, O_RDONLY);
    int to = REAL(open64)(copy, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t len;
    while ((len = read(from, bytes, sizeof bytes)) > 0)
        if (REAL(write)(to, bytes, (size_t)len) != len)
            abort();
    if (from < 0 || to < 0 || len < 0)
        abort();
    close(from);
    close(to);
    pthread_mutex_unlock(&copying);
}

static void empty(const char *path)
{
    char name[2 * PATH_MAX];
    struct dirent *entry;
    DIR *all = opendir(path);
    while (all && (entry = readdir(all))) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_REG)
            REAL(unlink)(name);
    }
    if (all)
        closedir(all);
}

/* Keeps which files a folder has now; with `first`, if nothing of it is kept. */
static void keep_names(const char *path, int first)
{
    struct stat folder;
    struct dirent *entry;
    char copy[PATH_MAX], name[2 * PATH_MAX], other[2 * PATH_MAX];
    if (!synced || stat(path, &folder) || !S_ISDIR(folder.st_mode))
        return;
    snprintf(copy, sizeof copy, "%s/%ju", synced, (uintmax_t)folder.st_ino);
    if (REAL(mkdir)(copy, 0777) && first)
        return;
    pthread_mutex_lock(&copying);
    empty(copy);
    DIR *all = opendir(path);
    while (all && (entry = readdir(all))) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        snprintf(other, sizeof other, "%s/%s", copy, entry->d_name);
        if (entry->d_type == DT_REG && REAL(link)(name, other))
            abort();
    }
    if (!all)
        abort();
    closedir(all);
    pthread_mutex_unlock(&copying);
}

/* Keeps which files the folder of a path has. */
static void keep_names_at(int fd, const char *path)
{
    char folder[2 * PATH_MAX];
    const char *end = strrchr(path, '/');
    int len = end ? (int)(end - path) : 0;
    if (path[0] == '/')
        snprintf(folder, sizeof folder, "%.*s", len, path);
    else if (fd == AT_FDCWD)
        snprintf(folder, sizeof folder, "./%.*s", len, path);
    else
        snprintf(folder, sizeof folder, "/proc/self/fd/%d/%.*s", fd, len, path);
    if (path[0] != '/' || is_below(folder))
        keep_names(folder, 1);
}

static void before_write(int fd)
{
    if (is_ours(fd)) {
        point();
        keep(fd, 1);
    }
}

static int flush(int fd, int (*really)(int))
{
    if (!is_ours(fd))
        return really(fd);
    point();
    keep(fd, 0);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    keep_names(link, 0);
    return 0;
}

static void before_change(int fd, const char *path)
{
    if (is_ours_at(fd, path)) {
        point();
        keep_names_at(fd, path);
    }
}

static void before_changes(int fd, const char *path, int other_fd, const char *other_path)
{
    if (is_ours_at(fd, path) || is_ours_at(other_fd, other_path)) {
        point();
        keep_names_at(fd, path);
        keep_names_at(other_fd, other_path);
    }
}

static void before_open(int fd, const char *path, int flags)
{
    if (flags & (O_CREAT | O_TRUNC))
        before_change(fd, path);
}

/* A file without content may have the inode of one that is gone. */
static int opened(int fd, int flags)
{
    struct stat file;
    if (fd >= 0 && flags & (O_CREAT | O_TRUNC) && !fstat(fd, &file) && !file.st_size && is_ours(fd))
        keep(fd, 0);
    return fd;
}

#define MODE(flags, last)                                                                          \
    mode_t mode = 0;                                                                               \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                           \
        va_list list;                                                                              \
        va_start(list, last);                                                                      \
        mode = va_arg(list, mode_t);                                                               \
        va_end(list);                                                                              \
    }

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        MODE(flags, flags)                                                                         \
        before_open(AT_FDCWD, path, flags);                                                        \
        return opened(REAL(name)(path, flags, mode), flags);                                       \
    }

#define OPENAT(name)                                                                               \
    int name(int at, const char *path, int flags, ...)                                             \
    {                                                                                              \
        MODE(flags, flags)                                                                         \
        before_open(at, path, flags);                                                              \
        return opened(REAL(name)(at, path, flags, mode), flags);                                   \
    }

/* A function that writes to a file, its parameters and what it is called with. */
#define WRITE(type, name, parameters, ...)                                                         \
    type name parameters                                                                           \
    {                                                                                              \
        before_write(fd);                                                                          \
        return REAL(name)(__VA_ARGS__);                                                            \
    }

#define CHANGE(name, fd, parameters, ...)                                                          \
    int name parameters                                                                            \
    {                                                                                              \
        before_change(fd, path);                                                                   \
        return REAL(name)(__VA_ARGS__);                                                            \
    }

#define CHANGES(name, fd, to_fd, parameters, ...)                                                  \
    int name parameters                                                                            \
    {                                                                                              \
        before_changes(fd, path, to_fd, to);                                                       \
        return REAL(name)(__VA_ARGS__);                                                            \
    }

#define FLUSH(name)                                                                                \
    int name(int fd)                                                                               \
    {                                                                                              \
        return flush(fd, REAL(name));                                                              \
    }

/* A folder may have the inode of one that is gone, too. */
int mkdir(const char *path, mode_t mode)
{
    before_change(AT_FDCWD, path);
    int failed = REAL(mkdir)(path, mode);
    if (!failed && is_ours_at(AT_FDCWD, path))
        keep_names(path, 0);
    return failed;
}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
WRITE(ssize_t, write, (int fd, const void *bytes, size_t len), fd, bytes, len)
WRITE(ssize_t, pwrite, (int fd, const void *bytes, size_t len, off_t at), fd, bytes, len, at)
WRITE(ssize_t, pwrite64, (int fd, const void *bytes, size_t len, off64_t at), fd, bytes, len, at)
WRITE(ssize_t, writev, (int fd, const struct iovec *parts, int len), fd, parts, len)
WRITE(int, ftruncate, (int fd, off_t len), fd, len)
WRITE(int, ftruncate64, (int fd, off64_t len), fd, len)
FLUSH(fsync)
FLUSH(fdatasync)
CHANGE(mkdirat, fd, (int fd, const char *path, mode_t mode), fd, path, mode)
CHANGE(unlink, AT_FDCWD, (const char *path), path)
CHANGE(unlinkat, fd, (int fd, const char *path, int flags), fd, path, flags)
CHANGE(rmdir, AT_FDCWD, (const char *path), path)
CHANGES(rename, AT_FDCWD, AT_FDCWD, (const char *path, const char *to), path, to)
CHANGES(renameat, fd, to_fd, (int fd, const char *path, int to_fd, const char *to), fd, path,
        to_fd, to)
CHANGES(renameat2, fd, to_fd,
        (int fd, const char *path, int to_fd, const char *to, unsigned flags), fd, path, to_fd, to,
        flags)
CHANGES(link, AT_FDCWD, AT_FDCWD, (const char *path, const char *to), path, to)
CHANGES(linkat, fd, to_fd, (int fd, const char *path, int to_fd, const char *to, int flags), fd,
        path, to_fd, to, flags)
