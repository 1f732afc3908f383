/** @file
 *  One lock around the HDF5 library, which most systems build without thread
 *  safety. Every function of h5file.h takes it, and restores the library's
 *  settings, as the process may use HDF5 itself.
 */
#ifndef MLP_HDF5_LOCK_H
#define MLP_HDF5_LOCK_H

/** Lock and unlock, for code outside this room that calls HDF5 itself while
 *  other threads may be in h5file.h. Recursive: a thread that holds the lock
 *  may lock again, and may call h5file.h. */
void mlp_h5_lock(void);
void mlp_h5_unlock(void);

#endif
