import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exists, parseYaml, root, textOf } from './repository-files.ts';

interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes: {
    readonly label?: string;
    readonly value?: string;
    readonly description?: string;
    readonly options?: readonly unknown[];
  };
  readonly validations?: { readonly required?: boolean };
}
interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly Field[];
}

const folder = '.github/ISSUE_TEMPLATE';
const names = readdirSync(join(root, folder)).filter((name) => name !== 'config.yml');
const formOf = (name: string): Form => parseYaml(`${folder}/${name}`) as Form;
const command = 'revocast doctor --json';

const duplicates = (values: readonly unknown[]): unknown[] =>
  values.filter((value, index) => values.indexOf(value) !== index);

it('there is a form for a bug and one for a feature', () => {
  expect(names.sort()).toEqual(['bug.yml', 'feature.yml']);
});

describe.each(names)('the issue form %s', (name) => {
  const form = formOf(name);
  const fields = form.body.filter(({ type }) => type !== 'markdown');

  it('has the members that GitHub requires', () => {
    const known = ['name', 'description', 'title', 'labels', 'body'];
    expect(Object.keys(form).filter((key) => !known.includes(key))).toEqual([]);
    expect({ name: form.name, description: form.description }).toEqual({
      name: expect.stringMatching(/./),
      description: expect.stringMatching(/./),
    });
    expect(fields.length).toBeGreaterThan(0);
  });

  it('has only fields of a known type, each with a label, and with options where the type needs them', () => {
    const problems = form.body.filter(({ type, attributes: { label, value, options } }) => {
      if (type === 'markdown') return value === undefined;
      if (type === 'dropdown' || type === 'checkboxes') return label === undefined || !options?.length;
      return !['input', 'textarea'].includes(type) || label === undefined || options !== undefined;
    });
    expect(problems).toEqual([]);
  });

  it('has unique ids and labels, and ids that GitHub accepts', () => {
    const ids = fields.map(({ id }) => id);
    expect(ids.filter((id) => !/^[a-zA-Z0-9_-]+$/.test(id ?? ''))).toEqual([]);
    expect(duplicates(ids)).toEqual([]);
    expect(duplicates(fields.map(({ attributes }) => attributes.label))).toEqual([]);
  });

  it('asks for the output of the doctor, with options that the command has', () => {
    const doctor = fields.find(({ id }) => id === 'doctor');
    expect(doctor?.attributes.label).toContain(command);
    const section = textOf('docs/cli.md').split('\n## revocast doctor\n')[1]?.split('\n## ')[0] ?? '';
    const options = doctor?.attributes.description?.match(/--[\w-]+/g) ?? [];
    expect(options).toContain('--json');
    const known = [...section.matchAll(/`(--[\w-]+)/g)].map(([, option]) => option);
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  });
});

it('a bug report requires what is needed to reproduce it', () => {
  const required = formOf('bug.yml').body.filter(({ validations }) => validations?.required);
  const ids = required.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['observed', 'expected', 'reproduction', 'doctor', 'version', 'node']));
});

it('the list of forms leads a vulnerability to SECURITY.md, and allows no issue without a form', () => {
  const config = parseYaml(`${folder}/config.yml`) as {
    blank_issues_enabled: boolean;
    contact_links: readonly Record<string, string>[];
  };
  expect(config.blank_issues_enabled).toBe(false);
  const [security] = config.contact_links;
  expect(security).toEqual({
    name: expect.stringContaining('Security'),
    url: expect.stringMatching(/^https:\/\//),
    about: expect.stringContaining('SECURITY.md'),
  });
  expect(exists('SECURITY.md')).toBe(true);
});

it('the pull request template asks for the output of the doctor and leads a vulnerability to SECURITY.md', () => {
  const text = textOf('.github/pull_request_template.md');
  expect(text).toContain(command);
  expect(text).toContain('SECURITY.md');
});
