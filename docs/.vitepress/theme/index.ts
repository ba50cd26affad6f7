// Without the web font: pages take the reader's own, and nothing is fetched.
import Theme from 'vitepress/theme-without-fonts';
import './style.css';

export default Theme;
