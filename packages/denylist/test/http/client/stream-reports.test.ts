import { describe, expect, it } from '@jest/globals';
import { StreamReports } from '../../../src/http/client/stream-reports.ts';
import { decodeUp } from '../../../src/http/wire/frames/up.ts';
import type { Reader, ReplicaProgress } from '../../../src/log/reader.ts';

const [first, second] = ['1'.repeat(16), '2'.repeat(16)];
const replica = { id: 'a'.repeat(16), failOpen: false, hasLookUp: false, maxStalenessMs: 5000 };

/** Reports of a reader whose replicas the test changes. @returns the issuers in the rows of each report. */
function given(relay: boolean, replicas: () => readonly ReplicaProgress[]) {
  const sent: (string | undefined)[][] = [];
  const reader: Reader = { id: 'r', relay, progress: () => replicas() };
  const reports = new StreamReports(reader, (frame) => {
    const decoded = decodeUp(Buffer.from(frame));
    if (decoded.kind === 'report') sent.push(decoded.rows.map(({ issuers }) => issuers));
  });
  return { reports, sent };
}

describe('the issuers in reports', () => {
  it('of a process are those that it has not stated on this connection, once', () => {
    let issuers = first;
    const { reports, sent } = given(false, () => [{ ...replica, issuers }]);
    reports.statedIssuers = first;
    reports.report(undefined);
    issuers = 'any';
    reports.report(undefined);
    reports.report(undefined);
    expect(sent).toEqual([[undefined], ['any'], [undefined]]);
  });

  it('of a relay are in a row of its own, and again when a replica behind it states others', () => {
    let issuers = first;
    const { reports, sent } = given(true, () => [
      { ...replica, id: 'b'.repeat(16), isServer: true, issuers },
      { ...replica, cursor: undefined },
    ]);
    reports.report(undefined);
    reports.report(undefined);
    issuers = first + second;
    reports.report(undefined);
    expect(sent).toEqual([[first, undefined], [], [first + second]]);
  });
});
