class SitePackages:
    # Installed packages are looked for only when an import needs them: setting them up costs more than python itself.
    def find_spec(self, name, path=None, target=None):
        sys.meta_path.remove(self)
        import importlib.machinery
        import site

        site.main()
        return importlib.machinery.PathFinder.find_spec(name, path, target)


def namespace(source):
    module = type(sys)(NAME)
    sys.modules[NAME] = module
    names = module.__dict__
    names["os"] = os
    for extra in ("json", "datetime", "uuid"):
        if extra in source:
            names[extra] = __import__(extra)
    return names
