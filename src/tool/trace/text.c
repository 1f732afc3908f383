/** @file
 *  Numbers and formulas of mlp trace as text.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void mlp_trace_add(mlp_trace_text *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(to->text + to->used, sizeof to->text - to->used,
                         format, arguments);
    va_end(arguments);
    to->used += more > 0 ? (size_t)more : 0;
    to->used = to->used < sizeof to->text ? to->used : sizeof to->text - 1;
}

void mlp_trace_add_number(mlp_trace_text *to, double value)
{
    mlp_trace_add(to, value < 0.0 ? "(%.6g)" : "%.6g", value);
}

mlp_trace_formula mlp_trace_formula_of(mlp_activation activation)
{
    switch (activation) {
    case MLP_ACTIVATION_SIGMOID:
        return (mlp_trace_formula){"1 / (1 + exp(-%s))", "%s (1 - %s)", true};
    case MLP_ACTIVATION_TANH:
        return (mlp_trace_formula){"tanh(%s)", "(1 - %s^2)", true};
    case MLP_ACTIVATION_RELU:
        return (mlp_trace_formula){"max(0, %s)", "(1 if %s > 0, else 0)",
                                   false};
    case MLP_ACTIVATION_STEP:
        return (mlp_trace_formula){"(1 if %s >= 0, else 0)", "0", false};
    case MLP_ACTIVATION_ARCTAN:
        return (mlp_trace_formula){"arctan(%s)", "1 / (1 + %s^2)", false};
    case MLP_ACTIVATION_LEAKY_RELU:
        return (mlp_trace_formula){"(%s, times 0.01 if below 0)",
                                   "(1 if %s > 0, else 0.01)", false};
    case MLP_ACTIVATION_ELU:
        return (mlp_trace_formula){"(%s if above 0, else exp(%s) - 1)",
                                   "(1 if %s > 0, else exp(%s))", false};
    case MLP_ACTIVATION_SOFTPLUS:
        return (mlp_trace_formula){"log(1 + exp(%s))", "1 / (1 + exp(-%s))",
                                   false};
    case MLP_ACTIVATION_SILU:
        return (mlp_trace_formula){
            "sigmoid(z) z at z = %s",
            "(s (1 + z (1 - s)), s = sigmoid(z), z = %s)", false};
    case MLP_ACTIVATION_GELU:
        return (mlp_trace_formula){"z P(z) at z = %s",
                                   "(P(z) + z p(z), z = %s)", false};
    default:
        return (mlp_trace_formula){"%s", "1", false};
    }
}

void mlp_trace_add_formula(mlp_trace_text *to, const char *formula,
                           const char *with)
{
    for (const char *at = formula; *at != '\0';) {
        size_t plain = strcspn(at, "%");
        mlp_trace_add(to, "%.*s", (int)plain, at);
        at += plain;
        if (*at == '%') {
            mlp_trace_add(to, "%s", with);
            at += 2;
        }
    }
}

void mlp_trace_add_formula_of(mlp_trace_text *to, const char *formula,
                              double value)
{
    mlp_trace_text number = {0};
    mlp_trace_add_number(&number, value);
    mlp_trace_add_formula(to, formula, number.text);
}
