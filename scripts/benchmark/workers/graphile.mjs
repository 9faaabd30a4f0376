// A worker of Graphile Worker, or its schema. Arguments: where its packages are, the handler (or prepare).
import { createRequire } from "node:module";
import { mark } from "./marks.mjs";

const [folder, handler] = process.argv.slice(2);
const { Logger, run, runMigrations } = createRequire(folder + "/")("graphile-worker");
const connectionString = process.env.BENCH_DSN;

if (handler === "prepare") {
    await runMigrations({ connectionString });
} else {
    await run({
        preset: {
            worker: {
                connectionString,
                concurrentJobs: handler === "wait" ? 100 : 24,
                maxPoolSize: 25,
                localQueue: { size: 500 },
                completeJobBatchDelay: 0,
                failJobBatchDelay: 0,
                logger: new Logger(() => () => {}),
            },
        },
        taskList: {
            noop: async () => {},
            wait: () => new Promise((resolve) => setTimeout(resolve, 5)),
            mark: async ({ key }) => mark(key),
        },
    });
}
