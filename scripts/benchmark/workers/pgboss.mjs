// A worker of pg-boss, or its schema. Arguments: where its packages are, the handler (or prepare).
import { createRequire } from "node:module";
import { mark } from "./marks.mjs";

const [folder, handler] = process.argv.slice(2);
const { PgBoss } = createRequire(folder + "/")("pg-boss");
const boss = new PgBoss({ connectionString: process.env.BENCH_DSN, useListenNotify: true });
boss.on("error", console.error);
await boss.start();

const handlers = {
    noop: async () => {},
    wait: (jobs) => Promise.all(jobs.map(() => new Promise((resolve) => setTimeout(resolve, 5)))),
    mark: async (jobs) => jobs.forEach((job) => mark(job.data.key)),
};
if (handler === "prepare") {
    for (const name of Object.keys(handlers)) await boss.createQueue(name, { notify: true });
    await boss.stop();
} else {
    const options = { batchSize: 1000, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
    await boss.work(handler, options, handlers[handler]);
}
