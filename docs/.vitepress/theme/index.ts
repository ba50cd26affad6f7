// The theme without its web font: pages use the fonts of the reader, and nothing is fetched.
import type { EnhanceAppContext } from 'vitepress';
import Theme from 'vitepress/theme-without-fonts';
import { markLandmarks } from './access.js';
import RotationStates from './rotation-states.vue';
import { keepTabsTogether } from './tabs.js';
import './style.css';

export default {
  extends: Theme,
  enhanceApp({ app, router }: EnhanceAppContext): void {
    app.component('RotationStates', RotationStates);
    if (typeof document !== 'object') return;
    keepTabsTogether(document);
    // The page is in the document one turn later.
    router.onAfterRouteChange = () => void setTimeout(() => markLandmarks(document));
  },
};
