/** @file
 *  Numeric types: their HDF5 types, and which may be read as which.
 */
#include "internal.h"

hid_t mlp_h5_memory_type(mlp_h5_type type)
{
    switch (type) {
    case MLP_H5_U8:
        return H5T_NATIVE_UINT8;
    case MLP_H5_U16:
        return H5T_NATIVE_UINT16;
    case MLP_H5_U32:
        return H5T_NATIVE_UINT32;
    case MLP_H5_U64:
        return H5T_NATIVE_UINT64;
    case MLP_H5_F32:
        return H5T_NATIVE_FLOAT;
    case MLP_H5_F64:
        return H5T_NATIVE_DOUBLE;
    case MLP_H5_OTHER:
        break;
    }
    return H5I_INVALID_HID;
}

static bool is_either(hid_t type, hid_t little, hid_t big)
{
    return H5Tequal(type, little) > 0 || H5Tequal(type, big) > 0;
}

mlp_h5_type mlp_h5_stored_type(hid_t type)
{
    if (is_either(type, H5T_STD_U8LE, H5T_STD_U8BE)) {
        return MLP_H5_U8;
    }
    if (is_either(type, H5T_STD_U16LE, H5T_STD_U16BE)) {
        return MLP_H5_U16;
    }
    if (is_either(type, H5T_STD_U32LE, H5T_STD_U32BE)) {
        return MLP_H5_U32;
    }
    if (is_either(type, H5T_STD_U64LE, H5T_STD_U64BE)) {
        return MLP_H5_U64;
    }
    if (is_either(type, H5T_IEEE_F32LE, H5T_IEEE_F32BE)) {
        return MLP_H5_F32;
    }
    if (is_either(type, H5T_IEEE_F64LE, H5T_IEEE_F64BE)) {
        return MLP_H5_F64;
    }
    return MLP_H5_OTHER;
}

static bool is_signed_integer(hid_t type)
{
    return is_either(type, H5T_STD_I8LE, H5T_STD_I8BE) ||
           is_either(type, H5T_STD_I16LE, H5T_STD_I16BE) ||
           is_either(type, H5T_STD_I32LE, H5T_STD_I32BE) ||
           is_either(type, H5T_STD_I64LE, H5T_STD_I64BE);
}

hid_t mlp_h5_reading_type(hid_t stored, mlp_h5_type wanted)
{
    mlp_h5_type type = mlp_h5_stored_type(stored);
    if (type == wanted || (wanted <= MLP_H5_U64 && type < wanted)) {
        return mlp_h5_memory_type(wanted);
    }
    if (is_signed_integer(stored) && wanted == MLP_H5_U64) {
        return H5T_NATIVE_INT64;
    }
    return H5I_INVALID_HID;
}
