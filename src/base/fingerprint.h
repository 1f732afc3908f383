/** @file
 *  A fast fingerprint of numbers in memory, which shows whether two vectors are
 *  equal. Not cryptographic: collisions can be constructed.
 */
#ifndef MLP_FINGERPRINT_H
#define MLP_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/** Fingerprint of a range of a vector of 64-bit words: the sum over disjoint
 *  ranges, modulo 2^64 and in any order, is that of the whole vector. A change
 *  of one word always shows, a change of more with probability 1 - 2^-64.
 *  @param words  [count], the first of which is word number `first` of the
 *                vector; of any alignment
 *
 *  Each word is xored with a Weyl sequence at its place, then mixed: Steele,
 *  Lea and Flood 2014, "Fast splittable pseudorandom number generators". */
uint64_t mlp_fingerprint(const void *words, size_t first, size_t count);

#endif
