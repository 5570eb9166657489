import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mutations } from './mutations.ts';

/** Preloaded in a process of its own: gives one source file of the engine with one rule broken, named by SIM_MUTATION. */
const mutation = mutations.find(({ name }) => name === process.env['SIM_MUTATION']);
if (mutation === undefined) throw new Error('SIM_MUTATION names no mutation');
const { file, find, replace, name } = mutation;
const url = new URL(`../../${file}`, import.meta.url).href;
const parts = readFileSync(fileURLToPath(url), 'utf8').split(find);
if (parts.length !== 2) {
  throw new Error(`"${name}" does not fit any more: its text is ${parts.length - 1} times in ${file}`);
}

registerHooks({
  load(loaded, context, nextLoad) {
    if (loaded !== url) return nextLoad(loaded, context);
    return { format: 'module', shortCircuit: true, source: stripTypeScriptTypes(parts.join(replace)) };
  },
});
