/** @file
 *  Children of a fuzz target that crash in our code, and in a library.
 */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "foreign.h"
#include "fuzz_children.h"
#include "system/sandbox.h"

/* Functions of the sanitizers; NULL without them. */
__attribute__((weak)) void __asan_init(void);
__attribute__((weak)) void __ubsan_handle_add_overflow_abort(void);

/* Volatile values that a compiler cannot know. */
static int *volatile nowhere = (int *)64;
static void (*volatile no_function)(void);
static volatile int most = INT_MAX;
static volatile size_t nine = 9;

/* ---- in our code ------------------------------------------------------- */

static mlp_status write_nowhere(void *context)
{
    *nowhere = 1;
    (void)context;
    return MLP_OK;
}

static mlp_status read_past(void *context)
{
    char *bytes = calloc(1, 8);
    int sum = bytes[nine];
    free(bytes);
    *(int *)context = sum;
    return MLP_OK;
}

static mlp_status copy_past(void *context)
{
    char *bytes = calloc(1, 8);
    memcpy(context, bytes, nine);
    free(bytes);
    return MLP_OK;
}

static mlp_status copy_nowhere(void *context)
{
    memcpy((void *)nowhere, context, nine);
    return MLP_OK;
}

static mlp_status overflow(void *context)
{
    *(int *)context = most + 1;
    return MLP_OK;
}

static mlp_status believe_wrongly(void *context)
{
    assert(context == NULL);
    return MLP_OK;
}

static mlp_status call_nothing(void *context)
{
    (void)context;
    no_function();
    return MLP_OK;
}

static void write_from_a_callback(void)
{
    *nowhere = 1;
}

static mlp_status crash_in_a_callback(void *context)
{
    (void)context;
    foreign_call(write_from_a_callback);
    return MLP_OK;
}

/* ---- elsewhere --------------------------------------------------------- */

static mlp_status succeed(void *context)
{
    (void)context;
    return MLP_OK;
}

static mlp_status write_foreign(void *context)
{
    (void)context;
    foreign_write(nowhere);
    return MLP_OK;
}

static mlp_status copy_foreign(void *context)
{
    foreign_copy((void *)nowhere, context, nine);
    return MLP_OK;
}

static mlp_status copy_past_foreign(void *context)
{
    char *bytes = calloc(1, 8);
    foreign_copy(context, bytes, nine);
    free(bytes);
    return MLP_OK;
}

static mlp_status call_nothing_foreign(void *context)
{
    (void)context;
    foreign_call(no_function);
    return MLP_OK;
}

static mlp_status compute_for_ever(void *context)
{
    for (unsigned i = 0; most == INT_MAX; i++) {
        *(volatile unsigned *)context = i;
    }
    return MLP_OK;
}

static mlp_status fill_memory(void *context)
{
    char *memory;
    (void)context;
    while ((memory = malloc(1 << 20)) != NULL) {
        memory[nine] = 1;
    }
    return mlp_fail_memory("a bomb");
}

static mlp_status end_by_exit(void *context)
{
    (void)context;
    exit(1);
}

/* ---- the test ---------------------------------------------------------- */

static const struct {
    const char *name;
    mlp_status (*action)(void *context);
    bool is_ours, is_sound;
} cases[] = {
    {"a write to nowhere", write_nowhere, true, false},
    {"a read past the end", read_past, true, false},
    {"a copy from past the end", copy_past, true, false},
    {"a copy to nowhere", copy_nowhere, true, false},
    {"an overflow", overflow, true, false},
    {"a wrong belief", believe_wrongly, true, false},
    {"a call of nothing", call_nothing, true, false},
    {"a write to nowhere, in a callback", crash_in_a_callback, true, false},
    {"success", succeed, false, true},
    {"a library's write to nowhere", write_foreign, false, false},
    {"a library's copy to nowhere", copy_foreign, false, false},
    {"a library's copy from past the end", copy_past_foreign, false, false},
    {"a library's call of nothing", call_nothing_foreign, false, false},
    {"no CPU time left", compute_for_ever, false, false},
    {"no memory left", fill_memory, false, false},
    {"an exit", end_by_exit, false, false},
};

int main(void)
{
    static int room[4];
    int failures = 0;
    if (__asan_init == NULL || __ubsan_handle_add_overflow_abort == NULL) {
        puts("SKIP: needs sanitizers to find the owner of a crash");
        return 77;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mlp_status status = mlp_sandbox_try("a file", 8, cases[i].action, room);
        bool is_ours = fuzz_children_fault();
        bool is_right = is_ours == cases[i].is_ours &&
                        (status == MLP_OK) == cases[i].is_sound;
        printf("%s: %s, %s\n", cases[i].name, is_ours ? "ours" : "not ours",
               is_right ? "ok" : "WRONG");
        if (!is_right) {
            printf("  status %d: %s\n", (int)status, mlp_failure());
            failures++;
        }
    }
    return failures > 0;
}
