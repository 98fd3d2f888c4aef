// What the fixture offers in both eras, with the names and texts that the official suite asks for.

// One red pixel, and a tenth of a second of silence.
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const wav = Buffer.alloc(44);
wav.write('RIFF', 0);
wav.writeUInt32LE(36, 4);
wav.write('WAVEfmt ', 8);
wav.writeUInt32LE(16, 16);
wav.writeUInt16LE(1, 20);
wav.writeUInt16LE(1, 22);
wav.writeUInt32LE(8000, 24);
wav.writeUInt32LE(8000, 28);
wav.writeUInt16LE(1, 32);
wav.writeUInt16LE(8, 34);
wav.write('data', 36);
export const WAV = wav.toString('base64');

const object = (properties = {}, required) => ({ type: 'object', properties, ...(required ? { required } : {}) });
const text = { type: 'string' };
const tool = (name, description, inputSchema = object()) => ({ name, description, inputSchema });
export const say = (...parts) => ({ content: parts.map((part) => (typeof part === 'string' ? { type: 'text', text: part } : part)) });
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const image = { type: 'image', data: PNG, mimeType: 'image/png' };

// Tools whose answer never changes.
export const FIXED = {
  test_simple_text: say('This is a simple text response for testing.'),
  test_image_content: say(image),
  test_audio_content: say({ type: 'audio', data: WAV, mimeType: 'audio/wav' }),
  test_embedded_resource: say({
    type: 'resource',
    resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' },
  }),
  test_multiple_content_types: say('Multiple content types test:', image, {
    type: 'resource',
    resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data","value":123}' },
  }),
  test_error_handling: { ...say('This tool intentionally returns an error for testing'), isError: true },
  json_schema_2020_12_tool: say('valid'),
};

export const SHARED_TOOLS = [
  tool('test_simple_text', 'Answers with a text.'),
  tool('test_image_content', 'Answers with an image.'),
  tool('test_audio_content', 'Answers with a sound.'),
  tool('test_embedded_resource', 'Answers with a resource.'),
  tool('test_multiple_content_types', 'Answers with a text, an image and a resource.'),
  tool('test_error_handling', 'Fails always.'),
  tool('test_tool_with_progress', 'Tells its progress three times.'),
  tool('json_schema_2020_12_tool', 'Has a schema with many keywords of JSON Schema 2020-12.', {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: text, city: text } } },
    properties: {
      name: text,
      address: { $ref: '#/$defs/address' },
      contactMethod: { type: 'string', enum: ['phone', 'email'] },
      phone: text,
      email: text,
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  }),
];

export const LEGACY_TOOLS = [
  ...SHARED_TOOLS,
  tool('test_tool_with_logging', 'Writes three log messages.'),
  tool('test_sampling', 'Asks the client to sample.', object({ prompt: text }, ['prompt'])),
  tool('test_elicitation', 'Asks the user.', object({ message: text }, ['message'])),
  tool('test_elicitation_sep1034_defaults', 'Asks the user, with default values.'),
  tool('test_elicitation_sep1330_enums', 'Asks the user to choose.'),
  tool('test_reconnection', 'Closes its stream and answers on the next one.'),
  tool('test_hold', 'Waits until it is cancelled.'),
  tool('test_large', 'Answers with as many bytes as asked for.', object({ bytes: { type: 'integer' } }, ['bytes'])),
];

export const MODERN_TOOLS = [
  ...SHARED_TOOLS,
  tool('execute_sql', 'Has a parameter that is repeated in a header.', object({ region: { ...text, 'x-mcp-header': 'Region' }, query: text }, ['region', 'query'])),
  tool('test_missing_capability', 'Needs sampling.'),
  tool('test_streaming_elicitation', 'Tells its progress, then asks the user.'),
  tool('test_logging_tool', 'Writes a log message.'),
  tool('test_trigger_tool_change', 'Says that the list of tools changed.'),
  tool('test_trigger_prompt_change', 'Says that the list of prompts changed.'),
  ...['elicitation', 'sampling', 'list_roots', 'request_state', 'multiple_inputs', 'multi_round', 'tampered_state', 'capabilities'].map((name) =>
    tool(`test_input_required_result_${name}`, `Asks for input before it answers: ${name}.`)),
];

export const RESOURCES = [
  { uri: 'test://static-text', name: 'static-text', description: 'A text.', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static-binary', description: 'An image.', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched-resource', description: 'One to subscribe to.', mimeType: 'text/plain' },
];
export const TEMPLATES = [
  { uriTemplate: 'test://template/{id}/data', name: 'template', description: 'Data by id.', mimeType: 'application/json' },
];

// The contents of a resource, or undefined.
export function readResource(uri) {
  if (uri === 'test://static-text') {
    return [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }];
  }
  if (uri === 'test://static-binary') return [{ uri, mimeType: 'image/png', blob: PNG }];
  if (uri === 'test://watched-resource') return [{ uri, mimeType: 'text/plain', text: 'Watched.' }];
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) return undefined;
  return [{ uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }];
}

const argument = (name) => ({ name, description: `The argument ${name}.`, required: true });
export const PROMPTS = [
  { name: 'test_simple_prompt', description: 'One message.' },
  { name: 'test_prompt_with_arguments', description: 'One message with two arguments.', arguments: [argument('arg1'), argument('arg2')] },
  { name: 'test_prompt_with_embedded_resource', description: 'A resource and a message.', arguments: [argument('resourceUri')] },
  { name: 'test_prompt_with_image', description: 'An image and a message.' },
];
export const MODERN_PROMPTS = [...PROMPTS, { name: 'test_input_required_result_prompt', description: 'Asks for input before it answers.' }];

const message = (content) => ({ role: 'user', content: typeof content === 'string' ? { type: 'text', text: content } : content });

// The messages of a prompt, or undefined.
export function getPrompt(name, args = {}) {
  switch (name) {
    case 'test_simple_prompt':
      return [message('This is a simple prompt for testing.')];
    case 'test_prompt_with_arguments':
      return [message(`Prompt with arguments: arg1='${args.arg1}', arg2='${args.arg2}'`)];
    case 'test_prompt_with_embedded_resource':
      return [
        message({
          type: 'resource',
          resource: { uri: args.resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
        }),
        message('Please process the embedded resource above.'),
      ];
    case 'test_prompt_with_image':
      return [message(image), message('Please analyze the image above.')];
    default:
      return undefined;
  }
}

export const complete = (value) => ({ completion: { values: ['paris', 'park', 'party'].filter((word) => word.startsWith(value)), hasMore: false } });
