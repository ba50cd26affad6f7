// What is written for people to read, and for no program to tell apart: the texts of errors and of log lines.
/** Where errors take their text; those that are not named here take it first. */
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
        return isErrorText(path) || isLogText(path) ? 'text for people' : undefined;
      },
    },
  },
];
