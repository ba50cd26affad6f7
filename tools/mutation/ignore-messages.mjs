// Excludes from mutation the texts of errors and log lines, which no program reads.

/** The position of the text among an error's arguments; the first, if not listed. */
const TEXT_AT = { SessError: 1, UsageError: 1 };

function isErrorText({ node, parent }) {
  if (parent.type !== 'NewExpression' || !parent.callee.name?.endsWith('Error')) return false;
  return parent.arguments.indexOf(node) === (TEXT_AT[parent.callee.name] ?? 0);
}

function isLogText({ node, parent }) {
  const { type, callee } = parent;
  if (type !== 'CallExpression' || callee.type !== 'MemberExpression') return false;
  const name = callee.object.name ?? callee.object.property?.name;
  return name === 'logger' && parent.arguments.indexOf(node) === 1;
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'messages',
    value: {
      shouldIgnore(path) {
        if (!path.isStringLiteral() && !path.isTemplateLiteral()) return undefined;
        return isErrorText(path) || isLogText(path) ? 'the text of a message' : undefined;
      },
    },
  },
];
