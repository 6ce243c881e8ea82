// `URL` and `URLSearchParams`.

import URL from 'core-js-pure/actual/url';
import URLSearchParams from 'core-js-pure/actual/url-search-params';

export { URL, URLSearchParams };
