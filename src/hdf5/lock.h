/** @file
 *  One lock around the HDF5 library, which is not thread-safe as most systems
 *  build it. Every function of h5file.h takes it, and leaves the library's
 *  settings as it found them: the process may use HDF5 for itself.
 */
#ifndef MLP_HDF5_LOCK_H
#define MLP_HDF5_LOCK_H

/** Take the lock, and give it back: for code outside this room that calls HDF5
 *  itself while other threads may be in h5file.h. A thread that has the lock
 *  may take it again, and may call h5file.h. */
void mlp_h5_lock(void);
void mlp_h5_unlock(void);

#endif
