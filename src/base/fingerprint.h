/** @file
 *  A fingerprint of numbers in memory: tells in a moment whether two memories
 *  hold the same. Not a digest: nobody is kept from making two alike.
 */
#ifndef MLP_FINGERPRINT_H
#define MLP_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/** Part of the fingerprint of a vector of 64-bit words: the sum of the parts,
 *  modulo 2^64 and in any order, is the whole. One word that differs always
 *  shows; more of them do but for one case in 2^64 or so.
 *  @param words  [count], of which the first is word number `first` of the
 *                vector; of any alignment
 *
 *  Each word is xored with a Weyl sequence at its place, then mixed: Steele,
 *  Lea and Flood 2014, "Fast splittable pseudorandom number generators". */
uint64_t mlp_fingerprint(const void *words, size_t first, size_t count);

#endif
