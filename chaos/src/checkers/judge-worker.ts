import { parentPort, workerData } from 'node:worker_threads';
import { readHistory } from '../world/recorder.ts';
import { judge } from './judge.ts';

// A worker thread: a long history takes seconds to check, and the main thread forwards the links of other runs.
parentPort?.postMessage(judge(readHistory(String(workerData))));
