// The styles in the order in which they build on each other.
import './tokens.css';
import './base.css';
import './controls.css';
import './parts.css';
import './tabs.css';
import './people.css';
import './entrance.css';
import './workspace.css';
import './rail.css';
import './timeline.css';
import './talk.css';
import './menus.css';
import './composer.css';
import './overlays.css';
import './settings.css';
import './files.css';
