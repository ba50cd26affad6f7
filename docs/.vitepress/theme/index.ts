// The theme without its web font: pages use the fonts of the reader, and nothing is fetched.
import type { EnhanceAppContext } from 'vitepress';
import Theme from 'vitepress/theme-without-fonts';
import RotationStates from './rotation-states.vue';
import { keepTabsTogether } from './tabs.js';
import './style.css';

export default {
  extends: Theme,
  enhanceApp({ app }: EnhanceAppContext): void {
    app.component('RotationStates', RotationStates);
    if (typeof document === 'object') keepTabsTogether(document);
  },
};
