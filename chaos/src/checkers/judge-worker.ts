import { parentPort, workerData } from 'node:worker_threads';
import { readHistory } from '../world/recorder.ts';
import { judge } from './judge.ts';

// A long history takes seconds to read, and the suite's own process carries the links of the worlds still playing.
parentPort?.postMessage(judge(readHistory(String(workerData))));
