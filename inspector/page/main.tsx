import { render } from 'preact';
import { CHART_RULES, colours, SEQUENCE_RULES } from '../picture/theme.ts';
import { App } from './app.tsx';
import { startLive } from './state/live.ts';

const root = document.getElementById('app');
if (root !== null) {
  const pictures = new CSSStyleSheet();
  pictures.replaceSync(`${colours('.chart')}${CHART_RULES}${SEQUENCE_RULES}`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, pictures];
  render(<App />, root);
  startLive();
}
