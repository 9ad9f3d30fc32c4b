import type { ClockReading } from '../../src/rules/agreed-now.ts';

/** A machine of the modelled world. All its processes read one wall clock, which may be wrong. */
export class Host {
  readonly bootId: string;
  /** Milliseconds ahead of true time; negative for a clock that is slow. */
  aheadMs = 0;

  constructor(bootId: string) {
    this.bootId = bootId;
  }

  step(ms: number): void {
    this.aheadMs += ms;
  }

  reading(trueMs: number): ClockReading {
    return { wallMs: trueMs + this.aheadMs, bootId: this.bootId };
  }
}
