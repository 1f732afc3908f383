/** @file
 *  Faults that a library could have.
 */
#include "foreign.h"

#include <string.h>

void foreign_write(int *at)
{
    *at = 1;
}

void foreign_copy(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

/* Volatile, to prevent tail calls. */
static volatile int one = 1;

__attribute__((noinline)) static int call_it(void (*function)(void))
{
    function();
    return one;
}

int foreign_call(void (*function)(void))
{
    int result = call_it(function);
    return result * one;
}
