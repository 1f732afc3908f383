/** @file
 *  The project's version; CMakeLists.txt and the run log take it from here.
 */
#ifndef MLP_VERSION_H
#define MLP_VERSION_H

#define MLP_VERSION "0.2.0"

#endif
