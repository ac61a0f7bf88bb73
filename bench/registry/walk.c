/* Walks a hive through libhivex as many times as it is told, reads every name, time and value,
 * and says how many there are: walk HIVE TIMES. With "offsets" for TIMES it prints the offset of
 * each key node in the file. The declarations are those of hivex(3), so that no headers are
 * needed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct hive_h hive_h;
extern hive_h *hivex_open(const char *filename, int flags);
extern int hivex_close(hive_h *h);
extern size_t hivex_root(hive_h *h);
extern char *hivex_node_name(hive_h *h, size_t node);
extern int64_t hivex_node_timestamp(hive_h *h, size_t node);
extern size_t *hivex_node_children(hive_h *h, size_t node);
extern size_t *hivex_node_values(hive_h *h, size_t node);
extern char *hivex_value_key(hive_h *h, size_t value);
extern char *hivex_value_value(hive_h *h, size_t value, int *type, size_t *len);

static size_t keys, values, bytes;
static int64_t times_seen;
static int print_offsets;

static void *given(void *pointer)
{
    if (!pointer) {
        fputs("libhivex refuses\n", stderr);
        exit(1);
    }
    return pointer;
}

static void visit(hive_h *hive, size_t node)
{
    keys++;
    if (print_offsets)
        printf("%zu\n", node);
    free(given(hivex_node_name(hive, node)));
    times_seen ^= hivex_node_timestamp(hive, node);
    size_t *list = given(hivex_node_values(hive, node));
    for (size_t *value = list; *value; value++) {
        int type;
        size_t len;
        values++;
        free(given(hivex_value_key(hive, *value)));
        free(given(hivex_value_value(hive, *value, &type, &len)));
        bytes += len;
    }
    free(list);
    list = given(hivex_node_children(hive, node));
    for (size_t *child = list; *child; child++)
        visit(hive, *child);
    free(list);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    print_offsets = !strcmp(argv[2], "offsets");
    int times = print_offsets ? 1 : atoi(argv[2]);
    for (int time = 0; time < times; time++) {
        keys = values = bytes = 0;
        hive_h *hive = given(hivex_open(argv[1], 0));
        visit(hive, hivex_root(hive));
        hivex_close(hive);
    }
    if (!print_offsets)
        printf("%zu keys, %zu values, %zu bytes\n", keys, values, bytes);
    return times_seen == 1;
}
