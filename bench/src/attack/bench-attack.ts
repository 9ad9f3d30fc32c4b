import { p99Ms } from '../http/within.ts';
import { numberIn } from '../message.ts';
import type { Progress } from '../progress.ts';
import type { Attack } from './attack.ts';
import type { AttackLine, AttackRun } from './attack-line.ts';
import { sendFrom } from './attacker.ts';
import { attacks } from './attacks/index.ts';
import { runRequests } from './load/run-requests.ts';
import { countOf, type Traffic } from './load/traffic.ts';
import { type Parts, withParts } from './parts.ts';
import { watchSidecar } from './watch-sidecar.ts';

export interface AttackOptions {
  readonly rounds: number;
  /** Duration of one attack, and of the good requests that it is compared with. */
  readonly seconds: number;
  /** Honest requests a second. */
  readonly perSecond: number;
  /** Number of honest requests before the first attack of an area. */
  readonly warmUp: number;
  readonly rules: number;
  readonly progress: Progress;
}

/** Sends honest requests at a fixed rate, and beside them one attack after another, each after its good requests. */
export async function benchAttack(options: AttackOptions): Promise<AttackLine[]> {
  const lines: AttackLine[] = [];
  for (const area of new Set(attacks.map((attack) => attack.area))) {
    const ofArea = attacks.filter((attack) => attack.area === area);
    lines.push(...(await withParts(options.rules, (parts) => runArea(parts, ofArea, options))));
  }
  return lines;
}

async function runArea(parts: Parts, ofArea: readonly Attack[], options: AttackOptions): Promise<AttackLine[]> {
  const { rounds, warmUp, progress } = options;
  await runRequests({ ...honest(parts), perSecond: 1000, amount: warmUp });
  const lines: AttackLine[] = [];
  for (const attack of ofArea) {
    const control: AttackRun[] = [];
    const attacked: AttackRun[] = [];
    for (let round = 0; round < rounds; round++) {
      progress(`${attack.name}, round ${round + 1} of ${rounds}`);
      control.push(await run(parts, attack, { ...options, isGood: true }));
      attacked.push(await run(parts, attack, { ...options, isGood: false }));
    }
    lines.push({ attack, control, attacked });
  }
  return lines;
}

async function run(
  { sidecar, api, attacker, context }: Parts,
  attack: Attack,
  { isGood, perSecond, seconds }: AttackOptions & { readonly isGood: boolean },
): Promise<AttackRun> {
  const cpuOfApi = async () => numberIn(await api.ask('cpu'), 'cpuUs');
  const ended = new AbortController();
  const watching = watchSidecar(sidecar, ended.signal);
  const before = await cpuOfApi();
  const [answered, statuses] = await Promise.all([
    runRequests({ ...honest({ context }), perSecond, amount: Math.ceil(perSecond * seconds) }),
    sendFrom(attacker, { name: attack.name, isGood, context, seconds }),
  ]);
  ended.abort();
  return {
    p99Ms: p99Ms(answered.samples),
    lateP99Ms: answered.lateP99Ms,
    honest: answered.statuses,
    statuses,
    apiCpuUs: (await cpuOfApi()) - before,
    sidecar: await watching,
    honestAmount: answered.samples.length,
    amount: countOf(statuses, () => true),
  };
}

function honest({ context: { ports, tokens } }: Pick<Parts, 'context'>): Pick<Traffic, 'port' | 'text'> {
  const request = (token: string) => `GET /orders HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  return { port: ports.api, text: (index) => request(tokens[index % tokens.length] ?? '') };
}
