import {
  isClientClassName,
  maxClientClasses,
  maxReportDigests,
  type UsageReport,
  usageDigestLength,
} from '../log/usage.ts';
import { isJsonObject, readVersioned } from './json.ts';

// Usage that a process counted since its last report: {"v":1,"subjects":["…"],"tokens":{"class":["…"]}}

export const usageReportVersion = 1;

const digestPattern = new RegExp(`^[\\w-]{${usageDigestLength}}$`);

export function encodeUsageReport({ subjects, tokens }: UsageReport): string {
  return JSON.stringify({ v: usageReportVersion, subjects, tokens });
}

/** @returns what is wrong, for the sender, when the report cannot be read. */
export function decodeUsageReport(text: string): UsageReport | string {
  const fields = readVersioned(text, usageReportVersion);
  if (typeof fields === 'string') return fields;
  const { subjects, tokens } = fields;
  if (!isDigests(subjects)) return `subjects: expected strings of ${usageDigestLength} base64url characters`;
  if (!isJsonObject(tokens)) return 'tokens: expected an object';
  const classes = Object.entries(tokens);
  // Beside the configured classes there are `other` and `unknown`.
  if (classes.length > maxClientClasses + 2) return `tokens: expected at most ${maxClientClasses + 2} classes`;
  const read: [string, readonly string[]][] = [];
  for (const [name, digests] of classes) {
    if (!isClientClassName(name)) return 'tokens: expected classes of 1–64 letters, digits or . : - _';
    if (!isDigests(digests)) return `tokens: expected strings of ${usageDigestLength} base64url characters`;
    read.push([name, digests]);
  }
  const size = read.reduce((sum, [, digests]) => sum + digests.length, subjects.length);
  if (size > maxReportDigests) return `expected at most ${maxReportDigests} digests`;
  return { subjects, tokens: Object.fromEntries(read) };
}

function isDigests(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && digestPattern.test(item));
}
