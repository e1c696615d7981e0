/* The floor for benchmarks/bench.py: the same training in plain C, one thread, one network, plain loops.
 * usage: floor FILE. FILE (written by bench.py, doubles): L, sizes[L+1], hidden (0 tanh, 1 relu), output
 * (0 sigmoid + binary cross-entropy, 1 softmax + cross-entropy), eta, N, batch, updates, X (N x n_in), Y (N x n_out),
 * the order of samples (updates x batch), then W and b of each layer.
 * Prints the seconds taken, and the sum of all parameters at the end.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double *take(FILE *f, size_t n) {
    double *p = malloc((n ? n : 1) * sizeof *p);
    if (!p || fread(p, sizeof *p, n, f) != n) exit(2);
    return p;
}

int main(int argc, char **argv) {
    FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!f) return 2;
    int L = (int)*take(f, 1);
    double *d = take(f, L + 1);
    int *n = malloc((L + 1) * sizeof *n);
    for (int l = 0; l <= L; l++) n[l] = (int)d[l];
    double *h = take(f, 6);
    int hidden = (int)h[0], output = (int)h[1], N = (int)h[3], B = (int)h[4], T = (int)h[5];
    double eta = h[2] / B;
    double *X = take(f, (size_t)N * n[0]), *Y = take(f, (size_t)N * n[L]), *order = take(f, (size_t)T * B);
    double **W = malloc(L * sizeof *W), **b = malloc(L * sizeof *b), **A = malloc((L + 1) * sizeof *A);
    double **D = malloc((L + 1) * sizeof *D);
    for (int l = 0; l < L; l++) W[l] = take(f, (size_t)n[l + 1] * n[l]), b[l] = take(f, n[l + 1]);
    for (int l = 0; l <= L; l++) A[l] = calloc((size_t)B * n[l], 8), D[l] = calloc((size_t)B * n[l], 8);
    struct timespec t0, t1;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    for (int t = 0; t < T; t++) {
        for (int s = 0; s < B; s++) {
            const double *x = X + (size_t)order[(size_t)t * B + s] * n[0];
            for (int i = 0; i < n[0]; i++) A[0][s * n[0] + i] = x[i];
        }
        for (int l = 0; l < L; l++)
            for (int s = 0; s < B; s++) {
                const double *a = A[l] + (size_t)s * n[l];
                double *z = A[l + 1] + (size_t)s * n[l + 1];
                for (int j = 0; j < n[l + 1]; j++) {
                    const double *w = W[l] + (size_t)j * n[l];
                    double sum = 0;
                    for (int i = 0; i < n[l]; i++) sum += w[i] * a[i];
                    z[j] = sum + b[l][j];
                }
                if (l < L - 1) {
                    for (int j = 0; j < n[l + 1]; j++) z[j] = hidden ? (z[j] > 0 ? z[j] : 0) : tanh(z[j]);
                } else if (output) {
                    double top = z[0], total = 0;
                    for (int j = 1; j < n[L]; j++) top = z[j] > top ? z[j] : top;
                    for (int j = 0; j < n[L]; j++) total += z[j] = exp(z[j] - top);
                    for (int j = 0; j < n[L]; j++) z[j] /= total;
                } else {
                    for (int j = 0; j < n[L]; j++) z[j] = 1 / (1 + exp(-z[j]));
                }
            }
        for (int s = 0; s < B; s++) {
            const double *y = Y + (size_t)order[(size_t)t * B + s] * n[L];
            for (int j = 0; j < n[L]; j++) D[L][s * n[L] + j] = (A[L][s * n[L] + j] - y[j]) * eta;
        }
        for (int l = L - 1; l >= 0; l--) {
            for (int s = 0; l > 0 && s < B; s++) {
                double *back = D[l] + (size_t)s * n[l];
                const double *a = A[l] + (size_t)s * n[l], *delta = D[l + 1] + (size_t)s * n[l + 1];
                for (int i = 0; i < n[l]; i++) back[i] = 0;
                for (int j = 0; j < n[l + 1]; j++)
                    for (int i = 0; i < n[l]; i++) back[i] += W[l][(size_t)j * n[l] + i] * delta[j];
                for (int i = 0; i < n[l]; i++) back[i] *= hidden ? (a[i] > 0) : 1 - a[i] * a[i];
            }
            for (int s = 0; s < B; s++) {
                const double *a = A[l] + (size_t)s * n[l], *delta = D[l + 1] + (size_t)s * n[l + 1];
                for (int j = 0; j < n[l + 1]; j++) {
                    double *w = W[l] + (size_t)j * n[l];
                    for (int i = 0; i < n[l]; i++) w[i] -= delta[j] * a[i];
                    b[l][j] -= delta[j];
                }
            }
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &t1);
    printf("%.9f\n", (double)(t1.tv_sec - t0.tv_sec) + 1e-9 * (double)(t1.tv_nsec - t0.tv_nsec));
    for (int l = 0; l < L; l++) {
        for (int i = 0; i < n[l + 1] * n[l]; i++) printf("%.17g\n", W[l][i]);
        for (int i = 0; i < n[l + 1]; i++) printf("%.17g\n", b[l][i]);
    }
    return 0;
}
