import { suggestName } from '@revocast/denylist/replica';
import type { Mistake } from './mistake.ts';
import type { OptionSpecs } from './option-table.ts';

/** Reads each value by its specification. A member that is undefined is absent. */
export function checkValues(specs: OptionSpecs, input: Readonly<Record<string, unknown>>) {
  const mistakes: Mistake[] = Object.keys(input)
    .filter((option) => !Object.hasOwn(specs, option))
    .map((option) => ({ option, message: unknownOption(option, Object.keys(specs)) }));
  const values: Record<string, unknown> = {};
  for (const [option, { kind, initial, required }] of Object.entries(specs)) {
    const written = input[option] === undefined ? initial : input[option];
    if (written === undefined && !required) continue;
    const value = kind.read(written);
    if (value !== undefined) values[option] = value;
    else mistakes.push(...(kind.findMistakes?.(written, option) ?? [{ option, message: kind.expected }]));
  }
  return { values, mistakes };
}

/** `unknown option; did you mean drainMs?` */
export function unknownOption(name: string, known: readonly string[]): string {
  const near = suggestName(name, known);
  return near === undefined ? 'unknown option' : `unknown option; did you mean ${near}?`;
}
