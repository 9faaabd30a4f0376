// The same lines as marks.py: "monotonic-seconds key pid".
import { openSync, writeSync } from "node:fs";

const file = openSync(process.env.BENCH_MARKS ?? "/dev/null", "a");

export function mark(key) {
    writeSync(file, `${(Number(process.hrtime.bigint()) / 1e9).toFixed(6)} ${key} ${process.pid}\n`);
}
