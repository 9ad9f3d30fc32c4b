import { expect, it } from '@jest/globals';
import { repositoryFiles, textOf } from './repository-files.ts';

/** Sections of an .editorconfig file, by their pattern; what stands before the first section is under ''. */
function parseSections(text: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>([['', {}]]);
  let current = '';
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      current = header;
      sections.set(current, {});
      continue;
    }
    const [, key, value] = /^(\w+) = (.+)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) throw new Error(`.editorconfig: cannot read the line ${line}`);
    sections.set(current, { ...sections.get(current), [key]: value });
  }
  return sections;
}

const sections = parseSections(textOf('.editorconfig'));
const { formatter } = JSON.parse(textOf('biome.json')) as {
  formatter: { indentStyle: string; indentWidth: number; lineWidth: number; lineEnding?: string };
};

it('.editorconfig says what the formatter does', () => {
  expect(sections.get('')).toEqual({ root: 'true' });
  expect(sections.get('*')).toMatchObject({
    indent_style: formatter.indentStyle,
    indent_size: String(formatter.indentWidth),
    // The default of the formatter.
    end_of_line: formatter.lineEnding ?? 'lf',
  });
  const code = [...sections].find(([pattern]) => pattern.includes('ts'));
  expect(code?.[1]).toEqual({ max_line_length: String(formatter.lineWidth) });
});

it('every file of the repository is as .editorconfig says', () => {
  expect(sections.get('*')).toMatchObject({ insert_final_newline: 'true', trim_trailing_whitespace: 'true' });
  const problems = repositoryFiles().flatMap((path) => {
    const text = textOf(path);
    return [
      { path, problem: 'CRLF', found: text.includes('\r\n') },
      { path, problem: 'white space at the end of a line', found: /[ \t]$/m.test(text) },
      { path, problem: 'a tab as indentation', found: /^\t/m.test(text) },
      { path, problem: 'no newline at the end', found: text !== '' && !text.endsWith('\n') },
    ].filter(({ found }) => found);
  });
  expect(problems).toEqual([]);
});
