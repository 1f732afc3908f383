/** @file
 *  A seccomp filter for given system calls from the C library's code.
 */
#define _GNU_SOURCE
#include "fault_filter.h"

#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The C library's code, [begin, end). */
static int find_libc(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    uintptr_t *range = context;
    if (strstr(info->dlpi_name, "libc.so") == NULL) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0) {
            range[0] = info->dlpi_addr + header->p_vaddr;
            range[1] = range[0] + header->p_memsz;
        }
    }
    return 1;
}

/* A filter under construction. */
typedef struct {
    struct sock_filter code[FAULT_FILTER_CALLS + 16];
    unsigned short count;
} filter;

static void add(filter *f, struct sock_filter statement)
{
    f->code[f->count++] = statement;
}

static void load(filter *f, size_t offset)
{
    add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                        (uint32_t)offset));
}

/* Continue with the next statement, or skip `skipped` of them if the condition
 * is false.
 */
static void require(filter *f, uint16_t claim, uint32_t value, uint8_t skipped)
{
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | claim, value, 0,
                                        skipped));
}

static void end(filter *f, uint32_t result)
{
    add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result));
}

/* Trap calls from code between two addresses whose high halves are equal: the
 * filter's words have 32 bits. */
static void trap_from(filter *f, uintptr_t first, uintptr_t last)
{
    size_t pointer = offsetof(struct seccomp_data, instruction_pointer);
    load(f, pointer + 4);
    require(f, BPF_JEQ, (uint32_t)(first >> 32), 4);
    load(f, pointer);
    require(f, BPF_JGE, (uint32_t)first, 2);
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | BPF_JGT,
                                        (uint32_t)last, 1, 0));
    end(f, SECCOMP_RET_TRAP);
    end(f, SECCOMP_RET_ALLOW);
}

void fault_filter_trap(const long numbers[], size_t count)
{
    uintptr_t libc[2] = {0, 0};
    filter f = {.count = 0};
    dl_iterate_phdr(find_libc, libc);
    uintptr_t last = libc[1] - 1, border = last & ~(uintptr_t)UINT32_MAX;
    load(&f, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < count; i++) {
        add(&f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | BPF_JEQ,
                                             (uint32_t)numbers[i],
                                             (uint8_t)(count - i), 0));
    }
    end(&f, SECCOMP_RET_ALLOW);
    if (libc[0] < border) { /* the library crosses the border */
        trap_from(&f, libc[0], border - 1);
        f.count--; /* continue with the other side */
    }
    trap_from(&f, libc[0] < border ? border : libc[0], last);
    const struct sock_fprog program = {f.count, f.code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("mlp_fault_calls: no filter for system calls");
        _exit(99);
    }
}
