// Without the web font: pages take the reader's own, and nothing is fetched.
import Theme from 'vitepress/theme-without-fonts';
import { keepTabsTogether } from './tabs.js';
import './style.css';

export default {
  extends: Theme,
  enhanceApp(): void {
    if (typeof document === 'object') keepTabsTogether(document);
  },
};
