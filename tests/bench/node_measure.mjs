// How the Node benchmarks measure: short batches, of which the median counts, so that a preempted one does not.
const BATCH_MICROS = 200;
const BATCHES = 1500;
const WARM_UP_MICROS = 200_000;

const now = () => Number(process.hrtime.bigint()) / 1000;
const medianOf = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** Microseconds of one call. */
export function micros(work) {
  let warm = 0;
  const start = now();
  while (now() - start < WARM_UP_MICROS) {
    work();
    warm += 1;
  }
  const rounds = Math.max(1, Math.round(BATCH_MICROS / (WARM_UP_MICROS / warm)));
  const times = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const began = now();
    for (let i = 0; i < rounds; i++) work();
    times.push((now() - began) / rounds);
  }
  return medianOf(times);
}

/** Calls a second, each awaited before the next. */
export async function perSecond(work) {
  const CALLS = 2000, ROUNDS = 40;
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = now();
    for (let i = 0; i < CALLS; i++) await work();
    times.push((now() - began) / CALLS);
  }
  return 1e6 / medianOf(times);
}

export function must(held, what) {
  if (!held) throw new Error(`benchmark: ${what}`);
}
