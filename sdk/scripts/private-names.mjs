// Names that may be shortened in the built files: members of our own classes that
// neither a type of ours nor the platform uses for anything else. Types are left alone
// because they describe what crosses a border: options, messages, events, other files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import ts from 'typescript';

/** Their members are used by pages, by modules of others, or by another of our files. */
const PUBLIC_CLASSES = new Set(['Client', 'Stops', 'Transport']);

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /(?<!\.test)\.ts$/.test(path) ? [path] : [];
  });
}

function platformNames() {
  const folder = dirname(createRequire(import.meta.url).resolve('typescript'));
  const texts = readdirSync(folder)
    .filter((name) => /^lib\..*\.d\.ts$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  return new Set(texts.join('\n').match(/[A-Za-z_]\w*/g));
}

export function privateNames(folder) {
  const members = new Set();
  const taken = platformNames();
  for (const path of sources(folder)) {
    const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true);
    const visit = (node) => {
      if (ts.isClassElement(node) && node.name && ts.isClassDeclaration(node.parent)) {
        const isPrivate = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
        const isOurs = isPrivate || !PUBLIC_CLASSES.has(node.parent.name.text);
        (isOurs ? members : taken).add(node.name.text);
      } else if (ts.isParameter(node) && node.modifiers) members.add(node.name.text);
      else if (ts.isTypeElement(node) || ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
        taken.add(node.name?.text);
      }
      // What a file gives to others is read as a property of the file when it is loaded on demand.
      if (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) taken.add(node.name?.text);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return [...members].filter((name) => !taken.has(name));
}
