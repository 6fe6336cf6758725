import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { openApi } from '../../src/api/openapi.ts';

const ajv = new Ajv2020({ strict: true, allErrors: true });
// Its default export is in `default` twice, by the way in which it is compiled.
ajvFormats.default(ajv);
ajv.addVocabulary(['openapi', 'info', 'servers', 'security', 'paths', 'components']);
ajv.addSchema({ $id: 'openapi', ...Object(openApi()) });

type Json = Readonly<Record<string, unknown>>;

const at = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((inner, name) => Object(inner)[name], value);

/** What is wrong with an answer by the description, in words; empty when it is as described. Reads the body. */
export async function offences(method: string, path: string, answer: Response): Promise<string[]> {
  const described = at(openApi(), 'paths', path, method, 'responses', answer.status);
  if (described === undefined) return [`${method} ${path} has no answer ${answer.status}`];
  const text = await answer.text();
  const content = at(described, 'content') as Json | undefined;
  // The host's own answers have no body.
  if (text === '' && [401, 413].includes(answer.status)) return [];
  if (content === undefined) return text === '' ? [] : ['a body that is not described'];
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  const name = String(at(content, type, 'schema', '$ref'))
    .split('/')
    .at(-1);
  if (!(type in content)) return [`content type ${type}`];
  const validate = ajv.getSchema(`openapi#/components/schemas/${name}`);
  if (validate === undefined) return [`no schema ${name}`];
  return validate(JSON.parse(text))
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${name}${instancePath} ${message}`);
}
