/* The floor of `make bench`: the same training as plain C, for one size of network that is fixed when it is compiled.

   net.h, written by peers/floor.py, gives BATCH, LAYERS, SIZES (a list), FULL_BATCH, SOFTMAX, and the steps FORWARD
   and BACKWARD as one call per layer, so that gcc knows every length. Hidden layers are tanh; the output is a sigmoid
   with bce, or a softmax with its cross-entropy.

   Reads from stdin, in native byte order: int64 updates, samples, members, repeats; double eta; for each member the
   parameters W1 (n_out, n_in), b1, W2, ...; X; Y; int32 rows (updates, BATCH) unless FULL_BATCH.
   Writes to stdout: double seconds of one training of all members, by the clock and of CPU; the loss before each update, (members, updates);
   the parameters. Every training starts anew; one, which is not timed, precedes the `repeats` that are. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net.h"

#ifdef __AVX512F__
#define LANES 8
#else
#define LANES 4
#endif
typedef double vector __attribute__((vector_size(8 * LANES)));
#define INLINE static inline __attribute__((always_inline))
/* Rows are padded to whole vectors; the padding of weights stays 0, so that it adds nothing. */
#define PADDED(n) (((n) + LANES - 1) / LANES * LANES)

static const int size[] = {SIZES};
static double *A[LAYERS + 1];   /* (BATCH, PADDED(n)): the inputs, then what each layer gives */
static double *D[LAYERS + 1];   /* dC/dz times BATCH, of the same shape */
static double *WT[LAYERS + 1];  /* (n_in, PADDED(n_out)) */
static double *W[LAYERS + 1];   /* (n_out, PADDED(n_in)): the same numbers, for the way back */
static double *b[LAYERS + 1];
static double *targets, rate;

enum { ADD_BIAS, TIMES_SLOPE, STEP_DOWN };

/* R rows and V vectors of the product sum_k a(i, k) B(k, j), in registers. */
INLINE void tile(int R, int V, int K, const double *a, int row, int col, const double *B, int ldb, double *C, int ldc,
                 int what, const double *extra) {
    vector sum[8][4];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sum[r][v] = (vector){0};
    for (int k = 0; k < K; k++) {
        const vector *from = (const vector *)(B + (size_t)k * ldb);
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) {
            const double x = a[(size_t)r * row + (size_t)k * col];
#pragma GCC unroll 4
            for (int v = 0; v < V; v++) sum[r][v] += x * from[v];
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
        vector *to = (vector *)(C + (size_t)r * ldc);
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) {
            if (what == ADD_BIAS) to[v] = sum[r][v] + ((const vector *)extra)[v];
            if (what == STEP_DOWN) to[v] -= rate * sum[r][v];
            if (what == TIMES_SLOPE) { /* phi' = 1 - a^2 for tanh */
                vector h = ((const vector *)(extra + (size_t)r * ldc))[v];
                to[v] = sum[r][v] * (1 - h * h);
            }
        }
    }
}

INLINE void columns(int V, int R, int m, int K, const double *a, int row, int col, const double *B, int ldb, double *C,
                    int ldc, int what, const double *extra) {
    int i = 0;
#define ROWS(R)                                                                             \
    for (; i + R <= m; i += R)                                                              \
        tile(R, V, K, a + (size_t)i * row, row, col, B, ldb, C + (size_t)i * ldc, ldc, what, \
             what == TIMES_SLOPE ? extra + (size_t)i * ldc : extra);
    if (R == 8) { ROWS(8) }
    ROWS(4) ROWS(2) ROWS(1)
#undef ROWS
}

INLINE void product(int m, int n, int K, const double *a, int row, int col, const double *B, double *C, int what,
                    const double *extra) {
    int j = 0;
    if (LANES == 8) /* with 16 registers only, tiles of 4 x 4 would not fit */
        for (; j + 4 * LANES <= n; j += 4 * LANES)
            columns(4, 4, m, K, a, row, col, B + j, n, C + j, n, what, extra ? extra + j : 0);
    for (; j + 2 * LANES <= n; j += 2 * LANES)
        columns(2, LANES == 8 ? 8 : 4, m, K, a, row, col, B + j, n, C + j, n, what, extra ? extra + j : 0);
    for (; j < n; j += LANES)
        columns(1, 8, m, K, a, row, col, B + j, n, C + j, n, what, extra ? extra + j : 0);
}

INLINE void forward(int k, int n_in, int n_out) {
    product(BATCH, PADDED(n_out), n_in, A[k - 1], PADDED(n_in), 1, WT[k], A[k], ADD_BIAS, b[k]);
    double *z = A[k];
    if (k < LAYERS)
        for (int i = 0; i < BATCH * PADDED(n_out); i++) z[i] = 1 - 2 / (exp(2 * z[i]) + 1);
}

/* The layer takes its step when everything below has been told. */
INLINE void backward(int k, int n_in, int n_out) {
    if (k > 1) product(BATCH, PADDED(n_in), n_out, D[k], PADDED(n_out), 1, W[k], D[k - 1], TIMES_SLOPE, A[k - 1]);
    product(n_in, PADDED(n_out), BATCH, A[k - 1], 1, PADDED(n_in), D[k], WT[k], STEP_DOWN, 0);
    double sum[PADDED(n_out)];
    memset(sum, 0, sizeof sum);
    for (int s = 0; s < BATCH; s++)
        for (int j = 0; j < PADDED(n_out); j++) sum[j] += D[k][s * PADDED(n_out) + j];
    for (int j = 0; j < PADDED(n_out); j++) b[k][j] -= rate * sum[j];
    if (k > 1)
        for (int j = 0; j < n_out; j++)
            for (int i = 0; i < n_in; i++) W[k][j * PADDED(n_in) + i] = WT[k][i * PADDED(n_out) + j];
}

/* The loss of the batch; leaves a - y in D. */
static double cost(void) {
    const int n = size[LAYERS], wide = PADDED(size[LAYERS]);
    double total = 0;
    if (!SOFTMAX && n == 1) {
        double z[BATCH], y[BATCH], d[BATCH];
        for (int s = 0; s < BATCH; s++) z[s] = A[LAYERS][s * wide], y[s] = targets[s * wide];
        for (int s = 0; s < BATCH; s++) {
            total += (z[s] > 0 ? z[s] : 0) - y[s] * z[s] + log(1 + exp(-fabs(z[s])));
            d[s] = 1 / (1 + exp(-z[s])) - y[s];
        }
        for (int s = 0; s < BATCH; s++) D[LAYERS][s * wide] = d[s];
        return total / BATCH;
    }
    for (int s = 0; s < BATCH; s++) {
        const double *z = A[LAYERS] + s * wide, *y = targets + s * wide;
        double *d = D[LAYERS] + s * wide, top = z[0], sum = 0;
        for (int j = 1; j < n; j++) top = z[j] > top ? z[j] : top;
        for (int j = 0; j < n; j++) d[j] = exp(z[j] - top), sum += d[j], total -= y[j] * (z[j] - top);
        for (int j = 0; j < n; j++) d[j] = d[j] / sum - y[j];
        total += log(sum);
    }
    return total / BATCH;
}

static double *zeros(size_t n) {
    double *p = aligned_alloc(64, (8 * n + 63) / 64 * 64);
    if (!p) exit(2);
    return memset(p, 0, 8 * n);
}

static void take(void *to, size_t bytes) {
    if (fread(to, 1, bytes, stdin) != bytes) exit(3);
}

static double *padded_rows(size_t rows, int n) {
    double *all = zeros(rows * PADDED(n));
    for (size_t i = 0; i < rows; i++) take(all + i * PADDED(n), 8 * n);
    return all;
}

static void load(const double *p) {
    for (int k = 1; k <= LAYERS; k++) {
        const int n_in = size[k - 1], n_out = size[k];
        for (int j = 0; j < n_out; j++)
            for (int i = 0; i < n_in; i++)
                WT[k][i * PADDED(n_out) + j] = W[k][j * PADDED(n_in) + i] = p[j * n_in + i];
        memcpy(b[k], p + n_out * n_in, 8 * n_out);
        p += n_out * n_in + n_out;
    }
}

static void save(double *p) {
    for (int k = 1; k <= LAYERS; k++) {
        const int n_in = size[k - 1], n_out = size[k];
        for (int j = 0; j < n_out; j++)
            for (int i = 0; i < n_in; i++) p[j * n_in + i] = WT[k][i * PADDED(n_out) + j];
        memcpy(p + n_out * n_in, b[k], 8 * n_out);
        p += n_out * n_in + n_out;
    }
}

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(void) {
    int64_t updates, samples, members, repeats;
    double eta, start[2] = {0, 0}, seconds[2];
    const clockid_t clocks[2] = {CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID};
    take(&updates, 8), take(&samples, 8), take(&members, 8), take(&repeats, 8), take(&eta, 8);
    rate = eta / BATCH;

    size_t count = 0;
    for (int k = 0; k <= LAYERS; k++) {
        const size_t n = size[k], before = k ? size[k - 1] : 0;
        A[k] = zeros(BATCH * PADDED(n)), D[k] = zeros(BATCH * PADDED(n));
        b[k] = zeros(PADDED(n)), WT[k] = zeros(before * PADDED(n) + 1), W[k] = zeros(n * PADDED(before) + 1);
        count += k ? n * before + n : 0;
    }
    double *first = zeros(members * count), *last = zeros(members * count), *losses = zeros(members * updates);
    take(first, 8 * members * count);
    const int n_in = PADDED(size[0]), n_out = PADDED(size[LAYERS]);
    double *X = padded_rows(samples, size[0]), *Y = padded_rows(samples, size[LAYERS]);
    int32_t *rows = 0;
    if (FULL_BATCH) {
        A[0] = X, targets = Y;
    } else {
        rows = (int32_t *)zeros((updates * BATCH + 1) / 2), targets = zeros(BATCH * n_out);
        take(rows, 4 * updates * BATCH);
    }

    for (int64_t again = 0; again <= repeats; again++) {
        for (int i = 0; again == 1 && i < 2; i++) start[i] = now(clocks[i]);
        for (int64_t m = 0; m < members; m++) {
            load(first + m * count);
            for (int64_t t = 0; t < updates; t++) {
                for (int s = 0; !FULL_BATCH && s < BATCH; s++) {
                    const size_t row = rows[t * BATCH + s];
                    memcpy(A[0] + s * n_in, X + row * n_in, 8 * n_in);
                    memcpy(targets + s * n_out, Y + row * n_out, 8 * n_out);
                }
                FORWARD
                losses[m * updates + t] = cost();
                BACKWARD
            }
            save(last + m * count);
        }
    }
    for (int i = 0; i < 2; i++) seconds[i] = (now(clocks[i]) - start[i]) / repeats;
    fwrite(seconds, 8, 2, stdout);
    fwrite(losses, 8, members * updates, stdout);
    fwrite(last, 8, members * count, stdout);
    return fflush(stdout) != 0;
}
