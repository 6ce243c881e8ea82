// The licences of everything that ends up in `dist/`, and a refusal of those that are not permissive.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const PERMISSIVE = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'CC0-1.0', 'Unlicense'];

/** The text of LICENSES.txt for the inputs of all bundles. */
export async function licencesOf(root, inputs) {
  const folders = new Set([...inputs].map(packageFolder).filter(Boolean));
  const parts = [];
  for (const folder of [...folders].sort()) parts.push(await licenceOf(join(root, folder)));
  return `${HEAD}\n${[...new Set(parts)].join(`\n${LINE}\n`)}`;
}

const HEAD = 'Packages from npm that are part of the bundles beside this file.\n';
const LINE = '-'.repeat(80);

// `node_modules/a/node_modules/@b/c/index.js` belongs to `node_modules/a/node_modules/@b/c`.
function packageFolder(input) {
  // What a package switches off for browsers is not in the bundle.
  if (/^\(disabled\)|^nothing:/.test(input)) return undefined;
  return input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];
}

async function licenceOf(folder) {
  const { name, version, license, licenses } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const stated = statedLicence(license ?? licenses);
  if (!isPermissive(stated)) throw new Error(`${name} ${version} has the licence ${stated}, which may not be bundled`);
  return `${name} ${version}, ${stated}\n\n${await textOf(folder)}`;
}

// Old packages have a list of `{ type }`, or one.
function statedLicence(stated = 'none') {
  if (Array.isArray(stated)) return stated.map(statedLicence).join(' OR ');
  return (stated.type ?? stated).replace(/[()]/g, '');
}

function isPermissive(stated) {
  return stated.split(' OR ').some((one) => one.split(' AND ').every((part) => PERMISSIVE.includes(part)));
}

async function textOf(folder) {
  const file = (await readdir(folder)).sort().find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file ? `${(await readFile(join(folder, file), 'utf8')).trim()}\n` : 'The package holds no text of it.\n';
}
