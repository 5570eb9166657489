import { getNodeValue } from 'jsonc-parser';
import { readJson } from '../json-document.ts';

/** The object that strict JSON text stands for, bounded in size and depth; `undefined` for anything else. */
export function objectOf(text: string): Record<string, unknown> | undefined {
  const document = readJson(text);
  if (!document.ok || document.value.root.type !== 'object') return undefined;
  const value: unknown = getNodeValue(document.value.root);
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

/** The member when it is text of a sane length. */
export function textAt(object: Record<string, unknown>, name: string): string | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function objectAt(object: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Texts of an array, or the parts of one text between spaces, commas and semicolons. */
export function listAt(object: Record<string, unknown>, name: string): readonly string[] {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (typeof value === 'string') return value.split(/[\s,;]+/).filter((part) => part !== '');
  return Array.isArray(value) ? value.filter((part): part is string => typeof part === 'string') : [];
}
