/** @file
 *  Deformed images: strengths and random numbers become linear maps and band
 *  matrices, which the kernels apply.
 */
#include "deformer.h"

#include <stdlib.h>

#include "base/accurate.h"
#include "base/arena.h"
#include "base/rng.h"

struct mlp_deformer {
    mlp_image_shape shape;
    double rotation, shear; /* in half turns */
    double scale, shift;
    uint64_t seed;
    bool *is_soft; /* [SOFT_CLASSES] */
    void *memory;  /* of the band matrices and all threads */
    char *scratch; /* [threads, scratch_bytes] */
    size_t scratch_bytes;
};

enum { SOFT_CLASSES = UINT16_MAX + 1 };

mlp_status mlp_deformer_check(const mlp_config *config,
                              const mlp_source_info *info)
{
    if (config->augment == MLP_AUGMENT_NONE || info->height > 1) {
        return MLP_OK;
    }
    return mlp_fail(MLP_ERROR_USAGE,
                    "--augment deforms images, and the %zu features of a row "
                    "of %s have no height and width",
                    info->features, info->name);
}

/* ---- band matrices ----------------------------------------------------- */

/* A Gaussian that is cut off at three standard deviations: the value at
 * distance d is exp(-d^2 / (2 sigma^2)) / sum. */
typedef struct {
    double sigma, sum;
    size_t radius;
} gaussian;

static double weight_at(const gaussian *blur, size_t distance)
{
    double d = (double)distance;
    return distance <= blur->radius
               ? mlp_accurate_exp(-d * d / (2.0 * blur->sigma * blur->sigma))
               : 0.0;
}

static gaussian gaussian_of(double sigma)
{
    gaussian blur = {sigma, 1.0, (size_t)(3.0 * sigma + 0.5)};
    for (size_t d = 1; d <= blur.radius; d++) {
        blur.sum += 2.0 * weight_at(&blur, d);
    }
    return blur;
}

/* @param matrix  [side, stride], zeroed */
static void fill_band(const gaussian *blur, size_t side, size_t stride,
                      float *matrix)
{
    for (size_t i = 0; i < side; i++) {
        for (size_t j = 0; j < side; j++) {
            size_t distance = i > j ? i - j : j - i;
            matrix[i * stride + j] =
                (float)(weight_at(blur, distance) / blur->sum);
        }
    }
}

/* ---- create ------------------------------------------------------------ */

static mlp_image_shape shape_of(const mlp_config *config,
                                const mlp_source_info *info)
{
    size_t channels = info->channels > 1 ? info->channels : 1;
    bool is_elastic = config->augment == MLP_AUGMENT_ELASTIC;
    return (mlp_image_shape){.height = info->height,
                             .width = info->width / channels,
                             .channels = channels,
                             .is_f32 = info->element == MLP_ELEMENT_F32,
                             .alpha = is_elastic ? (float)config->augment_alpha
                                                 : 0.0F};
}

/* Weaker kinds of --augment are the strongest one with strengths of 0. */
static void set_strengths(const mlp_config *config, mlp_deformer *deformer)
{
    bool is_affine = config->augment != MLP_AUGMENT_SHIFT;
    deformer->rotation = is_affine ? config->augment_rotation / 180.0 : 0.0;
    deformer->shear = is_affine ? config->augment_shear / 180.0 : 0.0;
    deformer->scale = is_affine ? config->augment_scale : 0.0;
    deformer->shift = config->augment_shift;
    deformer->seed = config->seed;
}

/* The band matrices and the threads' memory, from one allocation. */
static bool fill_memory(const mlp_config *config, size_t threads,
                        mlp_deformer *deformer)
{
    mlp_image_shape *shape = &deformer->shape;
    size_t padded = mlp_padded(shape->width);
    gaussian blur = gaussian_of(config->augment_sigma);
    float *rows = NULL, *columns = NULL;
    mlp_arena arena = {0};
    for (int pass = 0; pass < 2; pass++) {
        rows =
            mlp_arena_cut(&arena, shape->height * shape->height, sizeof *rows);
        columns = mlp_arena_cut(&arena, shape->width * padded, sizeof *columns);
        deformer->scratch =
            mlp_arena_cut(&arena, threads, deformer->scratch_bytes);
        if (pass == 0) {
            deformer->memory = mlp_arena_allocate(arena.used);
            arena = (mlp_arena){.memory = deformer->memory};
        }
        if (deformer->memory == NULL) {
            return false;
        }
    }
    fill_band(&blur, shape->height, shape->height, rows);
    fill_band(&blur, shape->width, padded, columns);
    shape->radius = blur.radius;
    shape->blur_rows = rows;
    shape->blur_columns = columns;
    return true;
}

mlp_status mlp_deformer_create(const mlp_config *config,
                               const mlp_source_info *info, size_t threads,
                               mlp_deformer **deformer)
{
    *deformer = NULL;
    if (config->augment == MLP_AUGMENT_NONE) {
        return MLP_OK;
    }
    mlp_deformer *made = calloc(1, sizeof *made);
    *deformer = made;
    if (made == NULL) {
        return mlp_fail_memory("deformed images");
    }
    made->shape = shape_of(config, info);
    made->scratch_bytes = mlp_deform_bytes(&made->shape);
    made->is_soft = calloc(SOFT_CLASSES, sizeof *made->is_soft);
    set_strengths(config, made);
    if (made->is_soft == NULL || !fill_memory(config, threads, made)) {
        mlp_deformer_destroy(deformer);
        return mlp_fail_memory("deformed images");
    }
    for (size_t i = 0; i < config->augment_soft_count; i++) {
        made->is_soft[config->augment_soft[i]] = true;
    }
    return MLP_OK;
}

void mlp_deformer_destroy(mlp_deformer **deformer)
{
    if (*deformer != NULL) {
        free((*deformer)->is_soft);
        free((*deformer)->memory);
        free(*deformer);
        *deformer = NULL;
    }
}

/* ---- run --------------------------------------------------------------- */

/* Uniform in [-1, 1). */
static double centred(uint32_t word)
{
    return 2.0 * (double)mlp_rng_uniform(word) - 1.0;
}

static void draw_map(const mlp_deformer *deformer, const mlp_deformer_row *row,
                     mlp_image_map *map)
{
    const mlp_rng_key key = {deformer->seed, MLP_RNG_DEFORM, map->epoch};
    mlp_rng_block linear = mlp_rng_draw(key, row->number, 0);
    mlp_rng_block shift = mlp_rng_draw(key, row->number, 1);
    double share = deformer->is_soft[row->label] ? 0.5 : 1.0;
    double angle = share * deformer->rotation * centred(linear.word[0]);
    double slant = share * deformer->shear * centred(linear.word[1]);
    double c = mlp_accurate_cospi(angle), s = mlp_accurate_sinpi(angle);
    double tangent = mlp_accurate_sinpi(slant) / mlp_accurate_cospi(slant);
    double wide = 1.0 + deformer->scale * centred(linear.word[2]);
    double high = 1.0 + deformer->scale * centred(linear.word[3]);
    map->xx = (float)(c / wide);
    map->xy = (float)((c * tangent - s) / wide);
    map->yx = (float)(s / high);
    map->yy = (float)((s * tangent + c) / high);
    map->shift_x = (float)(deformer->shift * centred(shift.word[0]));
    map->shift_y = (float)(deformer->shift * centred(shift.word[1]));
}

void mlp_deformer_run(const mlp_deformer *deformer, const mlp_kernels *kernels,
                      size_t thread, uint64_t epoch,
                      const mlp_deformer_row *row)
{
    mlp_image_map map = {.from = row->from,
                         .to = row->to,
                         .seed = deformer->seed,
                         .row = row->number,
                         .epoch = (uint32_t)epoch};
    draw_map(deformer, row, &map);
    kernels->deform(&deformer->shape, &map,
                    deformer->scratch + thread * deformer->scratch_bytes);
}
